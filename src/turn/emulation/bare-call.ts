import { JsonScan } from "./json-text.ts";

/** The beginning of an answer that is only a call in JSON, without its tag. */
const BARE_CALL = /^\s*(?:\[\s*)?\{\s*"(?:name|arguments|parameters|input|id|type|function|tool_calls)"/;
/** Text that may still become such a beginning. */
const BARE_START = /^\s*(?:\[\s*)?(?:\{\s*(?:"\w{0,10})?)?$/;
/** White space that may follow the call. */
const MAX_BLANK_CHARACTERS = 64;
const MAX_START_CHARACTERS = 128;

/** Watches whether an answer is only one JSON value: a call or a list of calls. */
export class BareCallWatch {
  #head = "";
  #tail: string | undefined;
  #scan: JsonScan | undefined;

  /** Takes the next text. False once the answer cannot be a bare call any more. */
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
