import { setImmediate } from "node:timers/promises";
import { wholeCharacters } from "./characters.ts";
import type { TextPart } from "./stop-sequences.ts";
import { sliceEnd, TokenCounter } from "./tokens.ts";

/** Text is counted in portions of this many characters, so that no portion blocks the event loop for long. */
const PORTION_CHARACTERS = 256;
/** Counting yields to the event loop after this time. */
const YIELD_EVERY_MS = 10;
/** More text can change the tokens of the text before it, but only by a few. */
const SLACK_TOKENS = 4;

/** The answer's first `maxTokens` tokens, wherever its parts begin and end. The rest is never pulled. */
export async function* cutAtTokens(
  parts: AsyncIterable<TextPart>,
  maxTokens: number,
): AsyncGenerator<TextPart, void, undefined> {
  const budget = new TokenBudget(await TokenCounter.load(), maxTokens);
  for await (const part of parts) {
    const fitting = part.type === "text-delta" ? await budget.take(part.text) : undefined;
    if (part.type !== "text-delta" || fitting === part.text.length) {
      yield part;
      continue;
    }
    const text = part.text.slice(0, fitting);
    if (text !== "") yield { type: "text-delta", text };
    yield { type: "end", finishReason: "length" };
    return;
  }
}

/** Counts only when the text may have reached the limit: a token has at least one byte. */
class TokenBudget {
  readonly #counter: TokenCounter;
  /** Tokens left for the open slice. */
  #left: number;
  /** The text after the last finished slice. */
  #open = "";
  /** Tokens of the open slice at the last count, and its bytes since then. */
  #countedTokens = 0;
  #uncountedBytes = 0;

  constructor(counter: TokenCounter, maxTokens: number) {
    this.#counter = counter;
    this.#left = maxTokens;
  }

  /** How many characters of the text fit. If not all fit, the limit is reached. */
  async take(text: string): Promise<number> {
    let turnStartedMs = performance.now();
    for (let from = 0; from < text.length;) {
      const to = wholeCharacters(text, Math.min(text.length, from + PORTION_CHARACTERS));
      const portion = text.slice(from, to);
      const fitting = this.#takePortion(portion);
      if (fitting < portion.length) return from + fitting;
      from = to;
      if (performance.now() - turnStartedMs < YIELD_EVERY_MS) continue;
      await setImmediate();
      turnStartedMs = performance.now();
    }
    return text.length;
  }

  #takePortion(portion: string): number {
    const before = this.#open.length;
    this.#open += portion;
    this.#uncountedBytes += Buffer.byteLength(portion);
    if (this.#countedTokens + this.#uncountedBytes + SLACK_TOKENS > this.#left) {
      this.#countedTokens = this.#countOpen(this.#open.length);
      this.#uncountedBytes = 0;
      if (this.#countedTokens > this.#left) return this.#cut(before) - before;
    }
    this.#closeSlice();
    return portion.length;
  }

  #closeSlice(): void {
    const end = sliceEnd(this.#open, 0);
    if (end === undefined) return;
    this.#left -= this.#counter.count(this.#open.slice(0, end));
    this.#open = this.#open.slice(end);
    this.#countedTokens = 0;
    this.#uncountedBytes = Buffer.byteLength(this.#open);
  }

  /** The end of the longest beginning of the open text that fits; at least `given`, because that was passed on already. */
  #cut(given: number): number {
    let fits = given;
    let exceeds = this.#open.length;
    while (exceeds - fits > 1) {
      const middle = Math.floor((fits + exceeds) / 2);
      if (this.#countOpen(wholeCharacters(this.#open, middle)) <= this.#left) fits = middle;
      else exceeds = middle;
    }
    return Math.max(given, wholeCharacters(this.#open, fits));
  }

  /** Counts slice by slice, as `countTokens` will count the passed-on text. */
  #countOpen(length: number): number {
    const text = this.#open.slice(0, length);
    const end = sliceEnd(text, 0) ?? text.length;
    const rest = text.slice(end);
    return this.#counter.count(text.slice(0, end)) + (rest === "" ? 0 : this.#counter.count(rest));
  }
}
