import { createContext, Script } from "node:vm";

/** A caller's pattern meets a model's text, and backtracking knows no end: longer than this it does not run. */
const TEST_LIMIT_MS = 40;
/** One that took too long is left alone for a while, for a list may hold many texts like that. */
const REST_MS = 1_000;
/** Up to so many characters a pattern without a repeated repetition ends soon; starting a clock for it costs more. */
const SHORT_CHARACTERS = 200;
/** A group that holds a repetition or a choice, and is repeated itself. */
const REPEATED_GROUP = /[+*|}][^()]*\)+[+*{]/;

const TEST = new Script("pattern.test(text)");

/** A regular expression that cannot hold up the event loop. Text that takes too long does not match. */
class BoundedPattern {
  readonly #pattern: RegExp;
  readonly #isHarmless: boolean;
  #restsUntilMs = 0;

  constructor(pattern: RegExp) {
    this.#pattern = pattern;
    this.#isHarmless = !REPEATED_GROUP.test(pattern.source);
  }

  test(text: string): boolean {
    if (performance.now() < this.#restsUntilMs) return false;
    const pattern = this.#pattern;
    if (this.#isHarmless && text.length <= SHORT_CHARACTERS) return pattern.test(text);
    try {
      return TEST.runInContext(createContext({ pattern, text }), { timeout: TEST_LIMIT_MS }) === true;
    } catch {
      this.#restsUntilMs = performance.now() + REST_MS;
      return false;
    }
  }

  /** Ajv tells patterns apart by it. */
  toString(): string {
    return String(this.#pattern);
  }
}

/** Unicode patterns allow fewer needless escapes than other languages do, so the older kind is taken too. */
export function boundedPattern(source: string, flags: string): BoundedPattern {
  try {
    return new BoundedPattern(new RegExp(source, flags));
  } catch {
    return new BoundedPattern(new RegExp(source));
  }
}
boundedPattern.code = "boundedPattern";
