import { setImmediate } from "node:timers/promises";
import { wholeCharacters } from "./characters.ts";
import type { TextPart } from "./stop-sequences.ts";
import { sliceEnd, TokenCounter } from "./tokens.ts";

/** Text is taken in portions of this many characters, so that none keeps the event loop for long. */
const PORTION_CHARACTERS = 256;
/** How long counting may keep the event loop to itself. */
const TURN_MS = 10;
/** More text can change how the text before it divides into tokens, though never by more than a few. */
const SLACK_TOKENS = 4;

/** The answer's first so many tokens, wherever the borders between its parts fall; the rest is never pulled. */
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

/** Counts only where the text could have reached the limit: a token is at least one byte. */
class TokenBudget {
  readonly #counter: TokenCounter;
  /** Tokens left for the open slice. */
  #left: number;
  /** The text that is not divided into slices for good. */
  #open = "";
  /** Tokens of the open slice when they were counted last, and its bytes since. */
  #countedTokens = 0;
  #uncountedBytes = 0;

  constructor(counter: TokenCounter, maxTokens: number) {
    this.#counter = counter;
    this.#left = maxTokens;
  }

  /** How many characters of the text fit. After less than all, it is over. */
  async take(text: string): Promise<number> {
    let turnStartedMs = performance.now();
    for (let from = 0; from < text.length;) {
      const to = wholeCharacters(text, Math.min(text.length, from + PORTION_CHARACTERS));
      const portion = text.slice(from, to);
      const fitting = this.#takePortion(portion);
      if (fitting < portion.length) return from + fitting;
      from = to;
      if (performance.now() - turnStartedMs < TURN_MS) continue;
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

  /** The end of the longest beginning of the open text that fits, but at least `given`, which is given already. */
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

  /** As `countTokens` will count it once it is given, slice by slice. */
  #countOpen(length: number): number {
    const text = this.#open.slice(0, length);
    const end = sliceEnd(text, 0) ?? text.length;
    const rest = text.slice(end);
    return this.#counter.count(text.slice(0, end)) + (rest === "" ? 0 : this.#counter.count(rest));
  }
}
