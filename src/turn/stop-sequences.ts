import type { ReplyPart } from "../chat.ts";
import { GatewayError } from "../errors.ts";
import type { AnswerPart } from "./ask.ts";
import { wholeCharacters } from "./characters.ts";
import { StopSearch } from "./stop-search.ts";

/** A part of an answer that is text only: it has no tool calls. */
export type TextPart = Exclude<AnswerPart, { type: "tool-call" }>;

/** As much text as the longest sequence may be held back. */
const MAX_STOP_CHARACTERS = 1_000;
/** OpenAI's schemas allow four. Anthropic names no limit. */
const MAX_STOPS = 64;

/**
 * The request's stop sequences, without empty and repeated ones.
 * @throws GatewayError `invalid_value` that names `param`, if there are too many or one is too long.
 */
export function stopSequences(given: string | readonly string[] | null | undefined, param: string): readonly string[] {
  const stops = [...new Set([given ?? []].flat())].filter((stop) => stop !== "");
  if (stops.length > MAX_STOPS) {
    const message = `Invalid '${param}': array too long. Expected an array with maximum length ${MAX_STOPS}, but got an array with length ${stops.length} instead.`;
    throw new GatewayError("invalid_value", message, { param });
  }
  const long = stops.find(({ length }) => length > MAX_STOP_CHARACTERS);
  if (long === undefined) return stops;
  const message = `Invalid '${param}': string too long. Expected stop sequences with maximum length ${MAX_STOP_CHARACTERS}, but got one with length ${long.length} instead.`;
  throw new GatewayError("invalid_value", message, { param });
}

/** The answer up to the first stop sequence, wherever its parts begin and end. The rest is never pulled. */
export async function* cutAtStop(
  parts: AsyncIterable<ReplyPart>,
  stops: readonly string[],
): AsyncGenerator<TextPart, void, undefined> {
  if (stops.length === 0) {
    yield* parts;
    return;
  }
  const search = new StopSearch(stops);
  // Text that may be the start of a stop sequence.
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
    const found = search.push(part.text);
    if (found) {
      const start = held.length + found.end - found.stop.length;
      if (start > 0) yield { type: "text-delta", text: text.slice(0, start) };
      yield { type: "end", finishReason: "stop", stopSequence: found.stop };
      return;
    }
    const cut = wholeCharacters(text, text.length - search.openLength);
    held = text.slice(cut);
    if (cut > 0) yield { type: "text-delta", text: text.slice(0, cut) };
  }
}
