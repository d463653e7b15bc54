import type { Message } from "../chat.ts";
import type { Ask } from "./ask.ts";
import { CHORE_PROMPTS, type ChoreKind, type ChorePrompt } from "./chore-prompts.ts";

/** late: served last, refused first · local: also answered without the site, where possible · off: treated like any request */
export type BackgroundMode = "late" | "local" | "off";

/** A request that a client makes on its own. */
export interface Chore {
  /** `other`: matches the operator's pattern. */
  readonly kind: ChoreKind | "other";
  readonly prompt: ChorePrompt | undefined;
}

/** The patterns read no more than this: a prompt of a client is recognised by its beginning. */
const LOOKED_AT_CHARACTERS = 200_000;

/**
 * Recognises requests that nobody waits for: chat UIs and agents request titles, tags and notes on their own. Undefined for a
 * question of a person or of a person's agent. Compaction counts as a question, because the agent waits for it.
 */
export function choreOf({ chat, tools }: Pick<Ask, "chat" | "tools">, pattern: RegExp | undefined): Chore | undefined {
  const { messages } = chat;
  const last = lastUserText(messages);
  const systems = messages.filter(({ role }) => role === "system").map(({ text }) => text.trimStart());
  const prompt = CHORE_PROMPTS.find((known) => {
    if (tools.length > 0 && !known.mayHaveTools) return false;
    const texts = known.place === "last" ? [last] : systems;
    return texts.some((text) => known.pattern.test(text.slice(0, LOOKED_AT_CHARACTERS)));
  });
  if (prompt) return { kind: prompt.kind, prompt };
  return last !== "" && pattern?.test(last) ? { kind: "other", prompt: undefined } : undefined;
}

/** Empty if the last message is not the user's. */
function lastUserText(messages: readonly Message[]): string {
  const last = messages.at(-1);
  return last?.role === "user" ? last.text.trimStart() : "";
}
