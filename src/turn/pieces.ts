import { wholeCharacters } from "./characters.ts";

/**
 * The most UTF-16 units in one piece of text. As JSON each is at most six bytes, so an event's line stays below 32 KB:
 * clients that are built on aiohttp stop at lines of 64 KiB (https://docs.aiohttp.org/en/stable/streams.html).
 */
const MAX_PIECE_UNITS = 5_000;

/** Splits text into pieces of whole characters that each fit into one event. Empty text gives one empty piece. */
export function* pieces(text: string): Generator<string, void, undefined> {
  let from = 0;
  do {
    const to = wholeCharacters(text, Math.min(text.length, from + MAX_PIECE_UNITS));
    yield text.slice(from, to);
    from = to;
  } while (from < text.length);
}
