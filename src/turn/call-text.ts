import { jsonEnd } from "./json-text.ts";

/** How a call stands in an answer's text: `<tool_call name="NAME">ARGUMENTS</tool_call>`. */

/** What an answer's text consists of, in its order. */
export type Piece = { readonly type: "prose"; readonly text: string } | WrittenCall;

/** A call as the model wrote it, right or wrong. */
export interface WrittenCall {
  readonly type: "call";
  /** Undefined where the name stands in the body, or nowhere. */
  readonly name: string | undefined;
  readonly body: string;
  /** Where in the text it ends. */
  readonly end: number;
  /** False when the text ended within the call. */
  readonly isWhole: boolean;
  /** Whether more text behind would leave it as it is. */
  readonly isSettled: boolean;
}

const ATTRIBUTES = /(?:\s+[\w:-]+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'<>/]+))*/.source;
const OPEN = new RegExp(`<tool_call(${ATTRIBUTES})\\s*(/?)>`, "gi");
const CLOSE = /<\/tool_call\s*>/gi;
/** After JSON that ended, a fence and the closing tag may follow, and the tag may be forgotten. */
const AFTER_JSON = /\s*(?:`{3,}\s*)?(?:<\/tool_call\s*>|(?=<tool_call[\s>/])|$)/iy;
/** Told by the end of the prose before a call and the start of the prose behind it. */
const FENCE_OPEN = /(?<!\S)(`+)[\w-]*\s*$/;
const FENCE_CLOSE = /^\s*(`+)/;
const FENCE_CHARACTERS = 64;

/** Models that do not stop after a call invent its result, and more turns. */
const OTHER_TURN = /<tool_result\b|<\/assistant\s*>/i;
/** What may end a turn that has a call. */
const TURN_END = /<\/tool_call\s*>|<tool_result\b|<\/assistant\s*>/i;
const MAX_TURN_END_CHARACTERS = 24;

/** Tells, as an answer's text comes, when to look whether its turn is over. */
export class TurnEndWatch {
  #last = "";

  with(text: string): boolean {
    this.#last = this.#last.slice(-MAX_TURN_END_CHARACTERS) + text;
    return TURN_END.test(this.#last);
  }
}

interface WrittenAnswer {
  readonly pieces: readonly Piece[];
  /** Where the model went on with somebody else's turn, which is left out. */
  readonly otherTurnAt: number | undefined;
}

/**
 * Where the turn is over though the model goes on: behind the first call where one is allowed, and before a turn that
 * is not the model's. More text would change nothing about it.
 */
export function turnEnd(text: string, isOneCall: boolean): number | undefined {
  const { pieces, otherTurnAt } = readAnswer(text);
  const calls = pieces.filter((piece) => piece.type === "call");
  if (isOneCall && calls[0]?.isSettled) return calls[0].end;
  return calls.every(({ isSettled }) => isSettled) ? otherTurnAt : undefined;
}

export function readAnswer(text: string): WrittenAnswer {
  const pieces: Piece[] = [];
  let otherTurnAt: number | undefined;
  const addProse = (start: number, end: number): void => {
    const other = pieces.length > 1 ? text.slice(start, end).search(OTHER_TURN) : -1;
    if (other >= 0) otherTurnAt = start + other;
    pieces.push({ type: "prose", text: text.slice(start, otherTurnAt ?? end) });
  };
  let from = 0;
  OPEN.lastIndex = 0;
  for (let open = OPEN.exec(text); open; open = OPEN.exec(text)) {
    addProse(from, open.index);
    if (otherTurnAt !== undefined) break;
    const [tag, attributes = "", slash] = open;
    const start = open.index + tag.length;
    const { bodyEnd, ...state } = slash === "/" ? emptyAt(start) : extent(text, start);
    pieces.push({ type: "call", name: attribute(attributes, "name"), body: text.slice(start, bodyEnd), ...state });
    from = state.end;
    OPEN.lastIndex = from;
  }
  if (otherTurnAt === undefined) addProse(from, text.length);
  return { pieces: tidied(pieces), otherTurnAt };
}

interface Extent extends Pick<WrittenCall, "end" | "isWhole" | "isSettled"> {
  readonly bodyEnd: number;
}

function emptyAt(at: number): Extent {
  return { bodyEnd: at, end: at, isWhole: true, isSettled: true };
}

/** A closing tag inside a JSON string closes nothing, unless the JSON never ends. */
function extent(text: string, start: number): Extent {
  const json = /^\s*(?:`{3,}[\w-]*\s*)?(?=\{)/.exec(text.slice(start, start + 64));
  const bodyEnd = json ? jsonEnd(text, start + json[0].length) : undefined;
  if (bodyEnd !== undefined) {
    AFTER_JSON.lastIndex = bodyEnd;
    const isClosed = AFTER_JSON.test(text);
    const end = AFTER_JSON.lastIndex;
    if (isClosed)
      return {
        bodyEnd: fenceEnd(text, bodyEnd),
        end,
        isWhole: true,
        isSettled: text[end - 1] === ">",
      };
  }
  CLOSE.lastIndex = start;
  const close = CLOSE.exec(text);
  if (!close) return { bodyEnd: text.length, end: text.length, isWhole: false, isSettled: false };
  return { bodyEnd: close.index, end: CLOSE.lastIndex, isWhole: true, isSettled: !json };
}

/** The closing fence belongs to the body, as the opening one does. */
function fenceEnd(text: string, bodyEnd: number): number {
  const fence = /^\s*`{3,}/.exec(text.slice(bodyEnd, bodyEnd + 64));
  return bodyEnd + (fence?.[0].length ?? 0);
}

function attribute(attributes: string, wanted: string): string | undefined {
  for (const [, name, quoted, single, bare] of attributes.matchAll(
    /([\w:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"']+))/g,
  )) {
    if (name?.toLowerCase() === wanted) return quoted ?? single ?? bare;
  }
  return undefined;
}

/** Fences around calls go, and so does prose that is but white space. */
function tidied(pieces: readonly Piece[]): readonly Piece[] {
  const tidy = [...pieces];
  for (const index of tidy.keys()) dropFence(tidy, index);
  return tidy
    .map((piece, index) =>
      tidy[index + 1] && piece.type === "prose" ? { ...piece, text: piece.text.trimEnd() } : piece,
    )
    .filter((piece) => piece.type === "call" || piece.text.trim() !== "");
}

function dropFence(pieces: Piece[], index: number): void {
  const before = pieces[index];
  if (before?.type !== "prose") return;
  const open = FENCE_OPEN.exec(before.text.slice(-FENCE_CHARACTERS));
  const closing = pieces.findIndex((piece, at) => at > index && piece.type === "prose" && piece.text.trim() !== "");
  const behind = pieces[closing];
  if (!open || behind?.type !== "prose") return;
  const close = FENCE_CLOSE.exec(behind.text.slice(0, FENCE_CHARACTERS));
  if (!close || close[1] !== open[1]) return;
  pieces[index] = { type: "prose", text: before.text.slice(0, before.text.length - open[0].length) };
  pieces[closing] = { type: "prose", text: behind.text.slice(close[0].length) };
}
