import type { Message } from "../chat.ts";
import type { Ask } from "./ask.ts";
import { CHORE_PROMPTS, type ChoreKind, type ChorePrompt } from "./chore-prompts.ts";

/** late: served last, turned away first · local: also answered here where that is right · off: like everything else */
export type BackgroundMode = "late" | "local" | "off";

/** A request that a client made by itself. */
export interface Chore {
  /** `other` is what the operator's own pattern matches. */
  readonly kind: ChoreKind | "other";
  readonly prompt: ChorePrompt | undefined;
}

/** Nobody writes a prompt of this length by hand that begins as one, and no regular expression need read more. */
const LOOKED_AT_CHARACTERS = 200_000;

/**
 * What nobody watches for: chat UIs and agents ask for titles, tags and notes behind their user's back. Undefined for a
 * question of a person, or of an agent that works for one; compaction is that, since the agent waits for it.
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

/** Empty where the last turn is not a user's. */
function lastUserText(messages: readonly Message[]): string {
  const last = messages.at(-1);
  return last?.role === "user" ? last.text.trimStart() : "";
}
