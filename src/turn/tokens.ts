import { setImmediate } from "node:timers/promises";
import { wholeCharacters } from "./characters.ts";

/** The tokenizer takes quadratic time for a run without a break: 1.3 s for 40,000 equal letters. */
const SLICE_CHARACTERS = 2_000;
/** Counting yields to the event loop after this time. */
const YIELD_EVERY_MS = 10;
/** `<|endoftext|>` in a user's text is ordinary text. */
const AS_PLAIN_TEXT = { disallowedSpecial: new Set<string>() };

type Tokenizer = Pick<typeof import("gpt-tokenizer/encoding/o200k_base"), "countTokens">;
let tokenizer: Promise<Tokenizer> | undefined;

/** Loads the vocabulary before its first use; that takes a quarter of a second and 70 MB. */
export async function warmTokenizer(): Promise<void> {
  await loadTokenizer();
}

/** Tokens of o200k_base; the site's own model may count differently. */
export async function countTokens(text: string): Promise<number> {
  if (text === "") return 0;
  const counter = await TokenCounter.load();
  let tokens = 0;
  let turnStartedMs = performance.now();
  for (const slice of slices(text)) {
    tokens += counter.count(slice);
    if (performance.now() - turnStartedMs < YIELD_EVERY_MS) continue;
    await setImmediate();
    turnStartedMs = performance.now();
  }
  return tokens;
}

/** Counts text that is still arriving. It does not yield, so give it little more than a slice. */
export class TokenCounter {
  readonly #tokenizer: Tokenizer;

  private constructor(loaded: Tokenizer) {
    this.#tokenizer = loaded;
  }

  static async load(): Promise<TokenCounter> {
    return new TokenCounter(await loadTokenizer());
  }

  count(slice: string): number {
    return this.#tokenizer.countTokens(slice, AS_PLAIN_TEXT);
  }
}

function loadTokenizer(): Promise<Tokenizer> {
  tokenizer ??= import("gpt-tokenizer/encoding/o200k_base");
  return tokenizer;
}

function* slices(text: string): Generator<string, void, undefined> {
  let from = 0;
  for (let end = sliceEnd(text, from); end !== undefined; end = sliceEnd(text, from)) {
    yield text.slice(from, end);
    from = end;
  }
  yield text.slice(from);
}

/**
 * The end of the slice that begins at `from`; undefined if the text is still too short. A slice ends before a single space, which no
 * token spans; a run without one is cut anywhere. Later text does not change the result.
 */
export function sliceEnd(text: string, from: number): number | undefined {
  const limit = from + SLICE_CHARACTERS;
  if (text.length < limit + 2) return undefined;
  for (let at = limit; at > from + SLICE_CHARACTERS / 2; at -= 1) {
    if (text[at] === " " && /\S\s\S/.test(text.slice(at - 1, at + 2))) return at;
  }
  return wholeCharacters(text, limit);
}
