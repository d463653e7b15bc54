import type { AnswerPart } from "./ask.ts";

/** A shorter prefill may begin the answer by chance, so it is not removed. */
const MIN_CHARACTERS = 4;

/** Removes the caller's prefill from the start of the answer: some models repeat it although they are told not to. */
export async function* withoutRepetition<P extends AnswerPart>(
  parts: AsyncIterable<P>,
  prefill: string,
): AsyncGenerator<P | Extract<AnswerPart, { type: "text-delta" }>, void, undefined> {
  const start = prefill.trim();
  // A second opening brace is never valid JSON.
  let held: string | undefined = start.length >= MIN_CHARACTERS || start === "{" ? "" : undefined;
  for await (const part of parts) {
    if (held === undefined || part.type === "reasoning-delta") {
      yield part;
      continue;
    }
    if (part.type === "text-delta") {
      held += part.text;
      const text = held.trimStart();
      if (text.length < start.length && start.startsWith(text)) continue;
    }
    const text = held.trimStart();
    const rest = text.startsWith(start) ? text.slice(start.length) : held;
    held = undefined;
    if (rest !== "") yield { type: "text-delta", text: rest };
    if (part.type !== "text-delta") yield part;
  }
}
