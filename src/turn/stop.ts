import type { ReplyPart } from "../chat.ts";

/** The answer up to the first stop sequence, wherever the borders between its parts fall; the rest is never pulled. */
export async function* cutAtStop(
  parts: AsyncIterable<ReplyPart>,
  stops: readonly string[],
): AsyncGenerator<ReplyPart, void, undefined> {
  if (stops.length === 0) {
    yield* parts;
    return;
  }
  // Text that may yet turn out to be the start of a stop sequence.
  const longestHeld = Math.max(...stops.map((stop) => stop.length)) - 1;
  let held = "";
  for await (const part of parts) {
    if (part.type === "reasoning-delta") {
      yield part;
      continue;
    }
    if (part.type === "end") {
      if (held !== "") yield { type: "text-delta", text: held };
      yield part;
      return;
    }
    const text = held + part.text;
    const stopAt = firstStop(text, stops);
    if (stopAt !== undefined) {
      if (stopAt > 0) yield { type: "text-delta", text: text.slice(0, stopAt) };
      yield { type: "end", finishReason: "stop" };
      return;
    }
    const cut = wholeCharacters(text, Math.max(0, text.length - longestHeld));
    held = text.slice(cut);
    if (cut > 0) yield { type: "text-delta", text: text.slice(0, cut) };
  }
}

/** Where the stop sequence begins that is complete first, so that the borders of parts change nothing. */
function firstStop(text: string, stops: readonly string[]): number | undefined {
  const found = stops
    .map((stop) => ({ start: text.indexOf(stop), length: stop.length }))
    .filter(({ start }) => start >= 0)
    .sort((a, b) => a.start + a.length - (b.start + b.length) || a.start - b.start);
  return found[0]?.start;
}

/** The same place, or one earlier where it would split a surrogate pair. */
function wholeCharacters(text: string, cut: number): number {
  const code = text.charCodeAt(cut - 1);
  return cut > 0 && cut < text.length && code >= 0xd800 && code <= 0xdbff ? cut - 1 : cut;
}
