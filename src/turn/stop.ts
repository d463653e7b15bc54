import type { ReplyPart } from "../chat.ts";
import type { AnswerPart } from "./ask.ts";
import { wholeCharacters } from "./characters.ts";

/** Text as a site gives it, and how it ended. */
export type TextPart = Exclude<AnswerPart, { type: "tool-call" }>;

/** The answer up to the first stop sequence, wherever the borders between its parts fall; the rest is never pulled. */
export async function* cutAtStop(
  parts: AsyncIterable<ReplyPart>,
  stops: readonly string[],
): AsyncGenerator<TextPart, void, undefined> {
  if (stops.length === 0) {
    yield* parts;
    return;
  }
  // Text that may yet turn out to be the start of a stop sequence.
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
    const found = firstStop(text, stops);
    if (found) {
      if (found.start > 0) yield { type: "text-delta", text: text.slice(0, found.start) };
      yield { type: "end", finishReason: "stop", stopSequence: found.stop };
      return;
    }
    const cut = wholeCharacters(text, Math.min(...stops.map((stop) => startOfStop(text, stop))));
    held = text.slice(cut);
    if (cut > 0) yield { type: "text-delta", text: text.slice(0, cut) };
  }
}

/** Where the text's last characters begin that a stop sequence may begin with; its end when there are none. */
function startOfStop(text: string, stop: string): number {
  const first = stop.charAt(0);
  let at = text.indexOf(first, Math.max(0, text.length - stop.length + 1));
  while (at >= 0 && !stop.startsWith(text.slice(at))) at = text.indexOf(first, at + 1);
  return at < 0 ? text.length : at;
}

/** Where the stop sequence begins that is complete first, so that the borders of parts change nothing. */
function firstStop(
  text: string,
  stops: readonly string[],
): { readonly start: number; readonly stop: string } | undefined {
  return stops
    .map((stop) => ({ start: text.indexOf(stop), stop }))
    .filter(({ start }) => start >= 0)
    .sort((a, b) => a.start + a.stop.length - (b.start + b.stop.length) || a.start - b.start)[0];
}
