import { attribute, CALL_START, isTagStart, markOf, openTagCharacters, tagOf, TAG, type Tag } from "./answer-tag.ts";
import { BareCallWatch } from "./bare-call.ts";
import { repeatedForm } from "./call-form.ts";
import { leadStart, tidied } from "./call-fence.ts";
import { Quoting } from "./quoting.ts";

/** A piece of an answer's text, in order. */
export type Piece = { readonly type: "prose"; readonly text: string } | WrittenCall;

/** A call as the model wrote it, correct or not. */
export interface WrittenCall {
  readonly type: "call";
  /** Undefined if the name stands in the body, or is missing. */
  readonly name: string | undefined;
  readonly namespace: string | undefined;
  readonly body: string;
  /** Whether its closing tag came. */
  readonly isClosed: boolean;
}

export interface ReadAnswer {
  /** Prose that was passed on as it arrived. */
  readonly given: string;
  /** What was held back. */
  readonly pieces: readonly Piece[];
  /** Whether the answer has a call of a declared tool without the boundary, outside of code and quotes. */
  readonly hasUnmarkedCall: boolean;
}

export interface ReaderOptions {
  readonly boundary: string;
  /** The names of the tools that are declared. */
  readonly toolNames: ReadonlySet<string>;
  /** Whether prose is passed on as it arrives. */
  readonly passesProse: boolean;
  /** The turn ends after this many calls. */
  readonly maxCalls: number;
}

const UNNAMED_CALL = /<tool_call(?:_\d+)?\s*>\s*\{\s*"name"\s*:\s*"([^"]{1,128})"/gi;

/**
 * Reads an answer as it arrives, in linear time. A call has tags with the conversation's boundary:
 * `<tool_call_BOUNDARY name="NAME">ARGUMENTS</tool_call_BOUNDARY>`. Any other tag with the boundary ends the model's turn.
 */
export class AnswerReader {
  readonly #options: ReaderOptions;
  readonly #hasTools: boolean;
  readonly #quoting = new Quoting();
  #bare: BareCallWatch | undefined;
  readonly #given: string[] = [];
  readonly #pieces: Piece[] = [];
  /** Prose that was not passed on. */
  #prose: string[] = [];
  #isHolding: boolean;
  #call: { readonly tag: Tag; readonly body: string[] } | undefined;
  #calls = 0;
  /** Text at the end that may become a tag. */
  #carry = "";
  #hasUnmarkedCall = false;
  #isOver = false;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#hasTools = options.toolNames.size > 0;
    this.#isHolding = !options.passesProse;
    if (this.#hasTools && options.passesProse) this.#bare = new BareCallWatch();
  }

  /** Whether the model's turn is over: more text would change nothing. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** The prose that may be passed on now. */
  push(text: string): string {
    const data = this.#carry + text;
    let passed = "";
    let from = 0;
    TAG.lastIndex = 0;
    for (let match = TAG.exec(data); match; match = TAG.exec(data)) {
      const tag = tagOf(match, this.#options.boundary);
      if (!tag.isMarked && !this.#mayBeUnmarkedCall(tag)) continue;
      passed += this.#take(data.slice(from, match.index));
      passed += tag.isMarked ? this.#onTag(tag) : this.#onUnmarkedCall(tag);
      from = TAG.lastIndex;
      if (this.#isOver) return passed;
    }
    const end = data.length - openTagCharacters(data.slice(from), this.#options.boundary, this.#hasTools);
    this.#carry = data.slice(end);
    return passed + this.#take(data.slice(from, end));
  }

  /** Ends the reading. `isCut`: a limit or a stop sequence ended the answer, so it may end inside a tag. */
  finish(isCut = false): ReadAnswer {
    this.#isHolding = true;
    const isTag = isTagStart(this.#carry, this.#options.boundary) || (isCut && CALL_START.test(this.#carry));
    if (!this.#isOver && !isTag) this.#take(this.#carry);
    if (this.#call) this.#endCall(false);
    this.#endProse();
    const hasUnmarkedCall = this.#hasUnmarkedCall || this.#pieces.some(this.#namesToolInBody);
    return { given: this.#given.join(""), pieces: tidied(this.#pieces), hasUnmarkedCall };
  }

  /** Takes text that belongs to the open call, or else is prose. */
  #take(text: string): string {
    if (text === "") return "";
    if (this.#call) {
      this.#call.body.push(text);
      return "";
    }
    const mark = this.#hasTools ? text.indexOf(markOf(this.#options.boundary)) : -1;
    if (mark < 0) return this.#takeProse(text);
    // Only tags contain the boundary, so this is a call in a malformed tag.
    const passed = this.#takeProse(text.slice(0, mark));
    this.#isHolding = true;
    this.#hasUnmarkedCall = true;
    return passed + this.#takeProse(text.slice(mark));
  }

  #takeProse(text: string): string {
    this.#prose.push(text);
    if (this.#hasTools) this.#quoting.push(text);
    if (this.#isHolding || this.#bare?.takes(text)) return "";
    this.#bare = undefined;
    const prose = this.#prose.join("");
    const end = this.#hasTools ? leadStart(prose) : prose.length;
    this.#prose = end < prose.length ? [prose.slice(end)] : [];
    const passed = prose.slice(0, end);
    this.#given.push(passed);
    return passed;
  }

  #onTag(tag: Tag): string {
    if (tag.kind === "tool_call" && tag.isClosing) {
      if (this.#call) this.#endCall(true);
      return "";
    }
    // Some models begin with the tag of their own turn, or first close the turn before it.
    if ((tag.kind === "assistant" || tag.isClosing) && this.#isBlank) return "";
    if (this.#call) this.#endCall(false);
    if (tag.kind !== "tool_call") this.#isOver = true;
    if (this.#isOver) return "";
    this.#endProse();
    this.#call = { tag, body: [] };
    this.#isHolding = true;
    if (tag.attributes.endsWith("/")) this.#endCall(true);
    return "";
  }

  get #isBlank(): boolean {
    return !this.#call && this.#calls === 0 && [...this.#given, ...this.#prose].every((text) => text.trim() === "");
  }

  #endCall(isClosed: boolean): void {
    if (!this.#call) return;
    const { tag, body } = this.#call;
    this.#call = undefined;
    const name = attribute(tag.attributes, "name");
    const namespace = attribute(tag.attributes, "namespace");
    const text = body.join("");
    const repeated = this.#options.toolNames.has(name ?? "") ? undefined : repeatedForm(name, text);
    if (repeated !== undefined) {
      const before = this.#pieces.pop();
      this.#prose = [before?.type === "prose" ? before.text : "", repeated];
      return;
    }
    this.#pieces.push({ type: "call", name, namespace, body: text, isClosed });
    this.#calls += 1;
    if (this.#calls >= this.#options.maxCalls) this.#isOver = true;
  }

  #endProse(): void {
    this.#pieces.push({ type: "prose", text: this.#prose.join("") });
    this.#prose = [];
  }

  #mayBeUnmarkedCall(tag: Tag): boolean {
    return this.#hasTools && !this.#call && tag.kind === "tool_call" && !tag.isClosing;
  }

  #onUnmarkedCall(tag: Tag): string {
    const name = attribute(tag.attributes, "name");
    // If the tag has no name, the body names the tool.
    if (!this.#quoting.isQuoted && (name === undefined || this.#options.toolNames.has(name))) {
      this.#isHolding = true;
      if (name !== undefined) this.#hasUnmarkedCall = true;
    }
    return this.#take(tag.text);
  }

  readonly #namesToolInBody = (piece: Piece): boolean =>
    this.#hasTools &&
    piece.type === "prose" &&
    [...piece.text.matchAll(UNNAMED_CALL)].some(([, name = ""]) => this.#options.toolNames.has(name));
}
