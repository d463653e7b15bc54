/** Reads JSON as models write it: in prose, in code fences, with extra commas. Each function takes linear time. */

import { stringEnd } from "../json-string.ts";
import { escaped, mended, mendedPython } from "./json-rewrite.ts";

/** A value, and the JSON text that it was read from. */
export interface JsonRead {
  readonly value: unknown;
  /** Valid JSON, its numbers and the order of its keys as they were written. */
  readonly text: string;
}

/** Finds the end of a JSON object or list while its text arrives. */
export class JsonScan {
  #depth = 0;
  #isInString = false;
  #isEscaped = false;

  /** Where in this piece the value ends, if it does. The first piece begins with its bracket. */
  push(piece: string): number | undefined {
    for (let at = 0; at < piece.length; at += 1) {
      const character = piece[at];
      if (this.#isInString) this.#inString(character);
      else if (character === '"') this.#isInString = true;
      else if (character === "{" || character === "[") this.#depth += 1;
      else if (character === "}" || character === "]") this.#depth -= 1;
      if (this.#depth === 0) return at + 1;
    }
    return undefined;
  }

  #inString(character: string | undefined): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (character === "\\") this.#isEscaped = true;
    else if (character === '"') this.#isInString = false;
  }
}

/** The end of the object or list that begins at `from`; undefined if it has none. */
export function jsonEnd(text: string, from: number): number | undefined {
  const length = new JsonScan().push(text.slice(from));
  return length === undefined ? undefined : from + length;
}

/** How deep the objects and lists of valid JSON are nested. */
export function jsonDepth(json: string): number {
  let deepest = 0;
  let depth = 0;
  for (let at = 0; at < json.length; at += 1) {
    const character = json[at];
    if (character === '"') at = stringEnd(json, at) - 1;
    else if (character === "{" || character === "[") deepest = Math.max(deepest, (depth += 1));
    else if (character === "}" || character === "]") depth -= 1;
  }
  return deepest;
}

/** Reads one JSON value. Accepts a code fence around it, and mistakes that can mean only one thing. */
export function readJson(written: string): JsonRead | undefined {
  const text = withoutFence(written);
  return tryJson(text) ?? tryJson(mended(text)) ?? tryJson(unescapedOnce(text)) ?? tryJson(mendedPython(text));
}

/** Why the text is not JSON. */
export function jsonFault(text: string): string {
  try {
    parsed(withoutFence(text));
    return "";
  } catch (cause) {
    return cause instanceof Error ? cause.message.slice(0, 200) : "";
  }
}

/** Each place that looks like JSON but is none costs a tenth of a millisecond of failed attempts. */
const MAX_PLACES = 300;

/** The JSON values of an answer: the whole answer, or its code fences and then the objects and lists in its prose. */
export function* jsonValues(answer: string): Generator<JsonRead, void, undefined> {
  const whole = readJson(answer);
  if (whole) {
    yield whole;
    return;
  }
  for (const [, fenced = ""] of answer.matchAll(/```[\w-]*[ \t]*\r?\n([^]*?)```/g).take(MAX_PLACES)) {
    const read = readJson(fenced);
    if (read) yield read;
  }
  yield* bracketed(answer);
}

/** Skips a bracketed text that is not JSON as a whole, so that a part of it is not mistaken for the value. */
function* bracketed(text: string): Generator<JsonRead, void, undefined> {
  const opening = /[{[]/g;
  let places = 0;
  for (let match = opening.exec(text); match && places < MAX_PLACES; match = opening.exec(text)) {
    places += 1;
    const end = jsonEnd(text, match.index);
    if (end === undefined) return;
    const read = readJson(text.slice(match.index, end));
    if (read) yield read;
    opening.lastIndex = end;
  }
}

/** Nobody writes deeper JSON; of 300,000 levels, the parser needs a sixth of a second to say that they never end. */
const MAX_DEPTH = 10_000;

/** @throws SyntaxError */
function parsed(text: string): unknown {
  if (text.length > MAX_DEPTH && jsonDepth(text) > MAX_DEPTH) throw new SyntaxError("It is nested too deeply");
  return JSON.parse(text);
}

function tryJson(text: string | undefined): JsonRead | undefined {
  if (text === undefined) return undefined;
  try {
    return { value: parsed(text), text };
  } catch {
    return undefined;
  }
}

function withoutFence(text: string): string {
  const trimmed = text.trim();
  const open = /^```[\w-]*[ \t]*(?:\r?\n|(?=[{[]))/.exec(trimmed)?.[0];
  return open !== undefined && trimmed.endsWith("```") && trimmed.length > open.length + 2
    ? trimmed.slice(open.length, -3).trim()
    : trimmed;
}

/** An object whose quotes are all escaped, as inside a string. */
function unescapedOnce(text: string): string | undefined {
  if (!/^[{[]\s*\\"/.test(text)) return undefined;
  const read = tryJson(`"${escaped(text)}"`)?.value;
  return typeof read === "string" ? read : undefined;
}
