/** JSON as a model writes it: in prose, in code fences, with a comma too many. Each function takes linear time. */

import { stringEnd } from "../json-string.ts";
import { escaped, mended, mendedPython } from "./json-rewrite.ts";

/** A value, and the JSON text that it was read from. */
export interface JsonRead {
  readonly value: unknown;
  /** Valid JSON, its numbers and the order of its keys as they were written. */
  readonly text: string;
}

/** Follows a JSON object or list as its text comes, to see where it ends. */
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

/** Where the object or list that begins at `from` ends; undefined when it does not. */
export function jsonEnd(text: string, from: number): number | undefined {
  const length = new JsonScan().push(text.slice(from));
  return length === undefined ? undefined : from + length;
}

/** How many objects and lists of valid JSON stand in each other. */
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

/** Reads one JSON value; a code fence around it and slips with but one meaning are forgiven. */
export function readJson(written: string): JsonRead | undefined {
  const text = withoutFence(written);
  return tryJson(text) ?? tryJson(mended(text)) ?? tryJson(unescapedOnce(text)) ?? tryJson(mendedPython(text));
}

/** Why text is no JSON. */
export function jsonFault(text: string): string {
  try {
    parsed(withoutFence(text));
    return "";
  } catch (cause) {
    return cause instanceof Error ? cause.message.slice(0, 200) : "";
  }
}

/** Each place that looks like JSON and is none costs some failed attempts, a tenth of a millisecond together. */
const MAX_PLACES = 300;

/** The JSON values of an answer: all of it, or what stands in its fences, or the objects and lists in its prose. */
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

/** A part of a value is not taken for the value: what is bracketed but no JSON is passed over as a whole. */
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

/** An object whose quotes were all escaped, as in a string. */
function unescapedOnce(text: string): string | undefined {
  if (!/^[{[]\s*\\"/.test(text)) return undefined;
  const read = tryJson(`"${escaped(text)}"`)?.value;
  return typeof read === "string" ? read : undefined;
}
