import type { PastedCookie, RawPaste } from "./paste.ts";

/** The cookie options of a browser's "Copy as cURL", quoted for bash (`'…'`, `$'…'`) or for cmd (`^"…^"`). */
const COOKIE_OPTIONS = [
  /(?:^|\s)(?:-H|--header)[\s=]*(?:\$?'\s*cookie\s*:([^']*)'|\^"\s*cookie\s*:(.*?[^\\^])\^"|"\s*cookie\s*:((?:[^"\\]|\\.)*)")/is,
  /(?:^|\s)(?:-b|--cookie)[\s=]*(?:\$?'([^']*)'|\^"(.*?[^\\^])\^"|"((?:[^"\\]|\\.)*)")/is,
];
const HEADER_NAME = /^\s*cookie\s*:/i;
const SET_COOKIE_NAME = /^\s*set-cookie\s*:/i;

export function isCurl(text: string): boolean {
  return /^(?:curl(?:\.exe)?\s|-H\s|-H['"]|--header[\s=]|-b\s|--cookie[\s=])/i.test(text);
}

export function readCurl(text: string): RawPaste | undefined {
  const found = COOKIE_OPTIONS.map((option) => option.exec(text)).find((match) => match !== null);
  const [, single, cmd, double] = found ?? [];
  // cmd escapes by a caret; double-quoted text in both shells escapes by a backslash.
  const escaped = cmd?.replace(/\^(.)/g, "$1") ?? double;
  const header = single ?? escaped?.replace(/\\(["\\$`])/g, "$1");
  return header === undefined ? undefined : readPairs(header);
}

/** A Cookie header's value, the header with its name, a block of request headers, or lines of Set-Cookie. */
export function readCookieHeader(text: string): RawPaste | undefined {
  const lines = text.split(/\r\n|\r|\n/).filter((line) => line.trim() !== "");
  const set = lines.filter((line) => SET_COOKIE_NAME.test(line));
  if (set.length > 0) return { cookies: set.flatMap((line) => firstPair(line.replace(SET_COOKIE_NAME, ""))) };
  const named = lines.filter((line) => HEADER_NAME.test(line));
  // HTTP/2 may split the header into several.
  if (named.length > 0) return readPairs(named.map((line) => line.replace(HEADER_NAME, "")).join(";"));
  const isWrapped = lines.slice(0, -1).every((line) => line.trimEnd().endsWith(";"));
  return isWrapped ? readPairs(lines.join(" ")) : undefined;
}

/** Chromium sends a cookie without a name as its bare value. A text without any name is no Cookie header. */
function readPairs(header: string): RawPaste | undefined {
  const parts = header
    .split(";")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  if (!parts.some((part) => part.indexOf("=") > 0)) return undefined;
  return { cookies: parts.map(pairOf) };
}

function pairOf(part: string): PastedCookie {
  const at = part.indexOf("=");
  return at < 0 ? { name: "", value: part } : { name: part.slice(0, at).trim(), value: part.slice(at + 1).trim() };
}

/** The attributes of a Set-Cookie line are left out: the pair is enough. */
function firstPair(line: string): readonly PastedCookie[] {
  const pair = pairOf(line.split(";")[0]?.trim() ?? "");
  return pair.name === "" || pair.value === "" ? [] : [pair];
}
