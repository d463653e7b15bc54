import { stringEnd } from "./json-string.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Finds values in the text of valid JSON, for `JSON.parse` rounds numbers and sorts keys that look like integers. One
 * walk reads each character once; strings are skipped by `indexOf`. Positions are indexes into the text.
 */
export class JsonSource {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** Where the whole value begins. */
  get start(): number {
    return this.#next(0);
  }

  isObject(at: number): boolean {
    return this.text.charCodeAt(at) === OPEN_BRACE;
  }

  isList(at: number): boolean {
    return this.text.charCodeAt(at) === OPEN_BRACKET;
  }

  /** Behind the value that begins here. */
  end(from: number): number {
    const { text } = this;
    if (text.charCodeAt(from) === QUOTE) return stringEnd(text, from);
    let depth = 0;
    for (let at = from; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) at = stringEnd(text, at) - 1;
      else if (code === OPEN_BRACE || code === OPEN_BRACKET) depth += 1;
      else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
        depth -= 1;
        if (depth <= 0) return depth === 0 ? at + 1 : at;
      } else if (depth === 0 && (code === COMMA || isSpace(code))) return at;
    }
    return text.length;
  }

  /** Visits an object's members; each visit says where its value ended, and so does this. */
  members(open: number, visit: (key: string, at: number) => number): number {
    return this.#walk(open, CLOSE_BRACE, (at) => {
      const end = stringEnd(this.text, at);
      const written = this.text.slice(at, end);
      const key = written.includes("\\") ? (JSON.parse(written) as string) : written.slice(1, -1);
      const colon = this.#next(end);
      return visit(key, this.#next(this.text.charCodeAt(colon) === COLON ? colon + 1 : colon));
    });
  }

  /** Visits a list's items likewise. */
  items(open: number, visit: (index: number, at: number) => number): number {
    let index = -1;
    return this.#walk(open, CLOSE_BRACKET, (at) => visit((index += 1), at));
  }

  #walk(open: number, close: number, visit: (at: number) => number): number {
    let at = this.#next(open + 1);
    while (at < this.text.length && this.text.charCodeAt(at) !== close) {
      at = this.#next(visit(at));
      if (this.text.charCodeAt(at) === COMMA) at = this.#next(at + 1);
    }
    return at + 1;
  }

  #next(from: number): number {
    let at = from;
    while (isSpace(this.text.charCodeAt(at))) at += 1;
    return at;
  }
}

function isSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}
