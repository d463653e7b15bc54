import { JsonScan } from "./json-text.ts";

const MARKER = "<tool_call";
const MARKER_FOUND = /<tool_call(?=[\s>/])/i;
/** White space, a fence and white space again may stand before a marker; more of each is prose. */
const MAX_LEAD_CHARACTERS = 64;

/** An answer that is nothing but a call in JSON, without its tag, begins like this … */
const BARE_CALL =
  /^\s*(?:`{3,}[\w-]*\s*)?(?:\[\s*)?\{\s*"(?:name|arguments|parameters|input|id|type|function|tool_calls)"/;
/** … or has not yet come so far that it could … */
const BARE_START = /^\s*(?:`{0,2}|`{3,}[\w-]*\s*)(?:\[\s*)?(?:\{\s*(?:"\w{0,10})?)?$/;
/** … and ends like this. */
const BARE_END = /^\s*`*\s*$/;

/**
 * Parts an answer's text, as it comes, into prose that may pass and the rest: everything from where a call may begin.
 * Text waits only while it can still be the beginning of one.
 */
export class CallWatch {
  #bare: BareCall | undefined = new BareCall();
  #hasCall = false;
  #held = "";

  /** What was held back; once a call began, all that followed. */
  get held(): string {
    return this.#held;
  }

  /** The text that is prose for certain. */
  push(text: string): string {
    this.#held += text;
    if (this.#hasCall || this.#bare?.takes(text)) return "";
    this.#bare = undefined;
    const marker = this.#held.search(MARKER_FOUND);
    this.#hasCall = marker >= 0;
    const start = leadStart(this.#held, marker >= 0 ? marker : partialMarker(this.#held));
    const prose = this.#held.slice(0, start);
    this.#held = this.#held.slice(start);
    return prose;
  }
}

/** An answer that may yet prove to be but one JSON object, a call or a list of calls. */
class BareCall {
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
      if (!BARE_CALL.test(this.#head))
        return this.#head.length < 2 * MAX_LEAD_CHARACTERS && BARE_START.test(this.#head);
      this.#scan = new JsonScan();
      this.#follow(this.#scan, this.#head.slice(this.#head.search(/[[{]/)));
    }
    return this.#tail === undefined || (this.#tail.length < MAX_LEAD_CHARACTERS && BARE_END.test(this.#tail));
  }

  #follow(scan: JsonScan, piece: string): void {
    const end = scan.push(piece);
    if (end !== undefined) this.#tail = piece.slice(end);
  }
}

/** Where the text ends in something that could become a marker; its length when it does not. */
function partialMarker(text: string): number {
  const last = text.lastIndexOf("<");
  return last >= 0 && MARKER.startsWith(text.slice(last).toLowerCase()) ? last : text.length;
}

/** Where the white space and the fence begin that stand before `marker`. */
function leadStart(text: string, marker: number): number {
  const afterFence = backOver(/\s/, text, marker);
  const word = backOver(/[\w-]/, text, afterFence);
  const fence = backOver(/`/, text, word);
  return fence < word ? backOver(/\s/, text, fence) : afterFence;
}

function backOver(character: RegExp, text: string, from: number): number {
  let at = from;
  while (at > 0 && from - at < MAX_LEAD_CHARACTERS && character.test(text.charAt(at - 1))) at -= 1;
  return at;
}
