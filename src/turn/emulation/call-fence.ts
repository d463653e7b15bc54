import type { Piece } from "./answer-reader.ts";

/** Models sometimes put a code fence around a call. The fence is removed with the call's tags. */

/** The most white space, back-quotes or letters of a fence before a call. More is prose. */
const MAX_LEAD_CHARACTERS = 64;
const FENCE_OPEN = /(?<!\S)(`+)[\w-]*\s*$/;
const FENCE_CLOSE = /^\s*(`+)/;
/** A second closing tag, without the boundary. */
const SECOND_CLOSE = /^\s*<\/tool_call(?:_\d+)?\s*>/i;

/** Where the white space and the fence at the end of the text begin. */
export function leadStart(text: string): number {
  const afterFence = backOver(/\s/, text, text.length);
  const word = backOver(/[\w-]/, text, afterFence);
  const fence = backOver(/`/, text, word);
  return fence < word ? backOver(/\s/, text, fence) : afterFence;
}

function backOver(character: RegExp, text: string, from: number): number {
  let at = from;
  while (at > 0 && from - at < MAX_LEAD_CHARACTERS && character.test(text.charAt(at - 1))) at -= 1;
  return at;
}

/** Removes fences around calls, second closing tags, and prose that is only white space. */
export function tidied(pieces: readonly Piece[]): readonly Piece[] {
  if (!pieces.some(({ type }) => type === "call")) return pieces;
  const tidy = pieces.map((piece, index) =>
    piece.type === "prose" && pieces[index - 1]?.type === "call"
      ? { ...piece, text: piece.text.replace(SECOND_CLOSE, "") }
      : piece,
  );
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
  const open = FENCE_OPEN.exec(before.text.slice(-MAX_LEAD_CHARACTERS));
  const closing = pieces.findIndex((piece, at) => at > index && piece.type === "prose" && piece.text.trim() !== "");
  const behind = pieces[closing];
  if (!open || behind?.type !== "prose") return;
  const close = FENCE_CLOSE.exec(behind.text.slice(0, MAX_LEAD_CHARACTERS));
  if (!close || close[1] !== open[1]) return;
  pieces[index] = { type: "prose", text: before.text.slice(0, before.text.length - open[0].length) };
  pieces[closing] = { type: "prose", text: behind.text.slice(close[0].length) };
}
