import { JsonScan } from "./json-text.ts";

/** An answer that is nothing but a call in JSON, without its tag, begins like this … */
const BARE_CALL = /^\s*(?:\[\s*)?\{\s*"(?:name|arguments|parameters|input|id|type|function|tool_calls)"/;
/** … or has not yet come so far that it could … */
const BARE_START = /^\s*(?:\[\s*)?(?:\{\s*(?:"\w{0,10})?)?$/;
/** … and nothing but white space follows it. */
const MAX_BLANK_CHARACTERS = 64;
const MAX_START_CHARACTERS = 128;

/** Watches an answer that may yet prove to be but one JSON object, a call or a list of calls. */
export class BareCallWatch {
  #head = "";
  #tail: string | undefined;
  #scan: JsonScan | undefined;

  /** Whether it may still be. */
  takes(text: string): boolean {
    if (this.#tail !== undefined) {
      this.#tail += text;
    } else if (this.#scan) {
      this.#follow(this.#scan, text);
    } else {
      this.#head += text;
      if (!BARE_CALL.test(this.#head)) return this.#head.length < MAX_START_CHARACTERS && BARE_START.test(this.#head);
      this.#scan = new JsonScan();
      this.#follow(this.#scan, this.#head.slice(this.#head.search(/[[{]/)));
    }
    return this.#tail === undefined || (this.#tail.length < MAX_BLANK_CHARACTERS && this.#tail.trim() === "");
  }

  #follow(scan: JsonScan, piece: string): void {
    const end = scan.push(piece);
    if (end !== undefined) this.#tail = piece.slice(end);
  }
}
