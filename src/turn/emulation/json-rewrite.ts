/** Rewrites the text of JSON without reading it into values, so numbers and the order of keys stay as written. Linear. */

import { stringEnd } from "../json-string.ts";

const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const COMMA = 0x2c;

/** Longer text stays as it is: rewriting this much takes up to a tenth of a second on the event loop. */
export const MAX_REWRITTEN_CHARACTERS = 128 * 1024;

/** What a rewriter makes of the token that begins here; undefined leaves the text as it is. */
type Rewrite = (text: string, at: number) => { readonly end: number; readonly by: string | undefined } | undefined;

/** Without white space between tokens. Lone surrogates, which UTF-8 cannot carry, become U+FFFD. */
export function compactText(json: string): string {
  const compact = rewritten(json, (text, at) => {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return { end: stringEnd(text, at), by: undefined };
    if (!isWhiteSpace(code)) return undefined;
    return { end: whiteSpaceEnd(text, at), by: "" };
  });
  const mayHoldEscapes = compact.length <= MAX_REWRITTEN_CHARACTERS && SURROGATE_ESCAPE.test(compact);
  return (mayHoldEscapes ? withoutLoneEscapes(compact) : compact).toWellFormed();
}

/** Line breaks inside strings are escaped, commas before a closing bracket dropped. */
export function mended(written: string): string {
  return rewritten(written, (text, at) => jsonSlip(text, at));
}

/** The same, and strings in single quotes and Python's words become JSON's. */
export function mendedPython(written: string): string {
  return rewritten(written, (text, at) => {
    if (text.charCodeAt(at) === APOSTROPHE) {
      const end = stringEnd(text, at);
      return { end, by: escaped(requoted(text.slice(at, end))) };
    }
    PYTHON_WORD.lastIndex = at;
    const word = PYTHON_WORD.exec(text)?.[0];
    if (word !== undefined) return { end: at + word.length, by: PYTHON_WORDS[word] };
    return jsonSlip(text, at);
  });
}

/** Line breaks and tabs as JSON has them. */
export function escaped(string: string): string {
  return string.replaceAll(/[\n\r\t]/g, (control) => CONTROLS[control] ?? control);
}

const CONTROLS: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
const PYTHON_WORD = /\b(?:True|False|None)\b/y;
const PYTHON_WORDS: Readonly<Record<string, string>> = { True: "true", False: "false", None: "null" };

const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;
/** Escapes in a row, a surrogate pair as one: what is left of a pair stands alone. */
const ESCAPES =
  /\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|\\u[dD][89a-fA-F][\da-fA-F]{2}|\\u[\da-fA-F]{4}|\\[^u]/g;

function withoutLoneEscapes(json: string): string {
  return json.replaceAll(ESCAPES, (found) => (/^\\u[dD][89a-fA-F]..$/.test(found) ? "\\ufffd" : found));
}

function rewritten(text: string, rewrite: Rewrite): string {
  if (text.length > MAX_REWRITTEN_CHARACTERS) return text;
  let done = "";
  let from = 0;
  for (let at = 0; at < text.length;) {
    const token = rewrite(text, at);
    if (token?.by !== undefined) {
      done += text.slice(from, at) + token.by;
      from = token.end;
    }
    at = token?.end ?? at + 1;
  }
  return from === 0 ? text : done + text.slice(from);
}

function jsonSlip(text: string, at: number): ReturnType<Rewrite> {
  const code = text.charCodeAt(at);
  if (code === QUOTE) {
    const end = stringEnd(text, at);
    const string = text.slice(at, end);
    return { end, by: /[\n\r\t]/.test(string) ? escaped(string) : undefined };
  }
  if (code !== COMMA) return undefined;
  const next = whiteSpaceEnd(text, at + 1);
  const isLast = text[next] === "}" || text[next] === "]";
  return { end: next, by: isLast ? "" : undefined };
}

function requoted(string: string): string {
  return `"${string.slice(1, -1).replaceAll(/\\'|\\?"/g, (found) => (found === "\\'" ? "'" : '\\"'))}"`;
}

function whiteSpaceEnd(text: string, from: number): number {
  let end = from;
  while (isWhiteSpace(text.charCodeAt(end))) end += 1;
  return end;
}

function isWhiteSpace(code: number): boolean {
  return code === SPACE || code === LINE_FEED || code === TAB || code === CARRIAGE_RETURN;
}
