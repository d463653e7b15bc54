import { isCurl, readCookieHeader, readCurl } from "./cookie-header.ts";
import { readCookieJson } from "./cookie-json.ts";
import { siftCookies } from "./cookie-rules.ts";
import { readCookieTable } from "./cookie-table.ts";

/** One cookie as a person pasted it. What the pasted form does not say is absent. */
export interface PastedCookie {
  readonly name: string;
  readonly value: string;
  /** As exports write it: a leading dot means that subdomains get the cookie too. */
  readonly domain?: string;
  readonly path?: string;
  /** Seconds since the epoch; absent for a cookie of the browser's session. */
  readonly expires?: number;
  readonly httpOnly?: boolean;
  readonly secure?: boolean;
  readonly sameSite?: "Strict" | "Lax" | "None";
  /** The top-level site of a partitioned cookie (CHIPS). */
  readonly partitionKey?: string;
}

/** What a page keeps in localStorage, per origin. */
export interface PastedStorage {
  readonly origin: string;
  readonly localStorage: readonly { readonly name: string; readonly value: string }[];
}

export interface LeftOutCookie {
  /** Never the value. A name that no cookie can have is described, not repeated. */
  readonly name: string;
  readonly reason: string;
  /** Every paste loses such cookies, so the operator need not be told. */
  readonly isExpected: boolean;
}

export interface Paste {
  readonly cookies: readonly PastedCookie[];
  readonly storage: readonly PastedStorage[];
  readonly leftOut: readonly LeftOutCookie[];
}

/** What the reader of a form finds, before the rules are applied. */
export type RawPaste = Pick<Paste, "cookies"> & Partial<Pick<Paste, "storage">>;

export const PASTE_FORMS =
  "a Cookie header (name=value; name=value), a curl command, a cookies.txt, or the JSON of a cookie export";

/** Seen so far: three layers of quotes, from a shell, an env file and JSON. */
const MAX_LAYERS = 4;
/** More than any browser keeps of one site; exports of a whole browser have some thousands. */
const MAX_COOKIES = 4_000;
/** More pairs or lines than so many cookies have, in a text that is not JSON. */
const MAX_PIECES = 20_000;
/** Cookie values may have brackets too. */
const MAX_DEPTH = 1_000;
/** A square bracket becomes a brace with this bit. */
const LOWER_BRACKET = 0x20;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
/** Zero-width characters and byte order marks, which copied text may contain. */
const INVISIBLE = /[\u200b-\u200d\u2060\ufeff]/g;

/**
 * Reads cookies in any form that people paste: a Cookie header with or without its name, curl's `-H` or a whole curl
 * command, a block of request headers, Netscape's cookies.txt, the cookie table of the developer tools, the JSON of
 * EditThisCookie, Cookie-Editor, Puppeteer and Firefox, Playwright's storage state. Undefined when it is none of them.
 */
export function readPaste(text: string): Paste | undefined {
  const raw = readForm(unwrapped(text), MAX_LAYERS);
  if (!raw || raw.cookies.length > MAX_COOKIES) return undefined;
  const { cookies, leftOut } = siftCookies(raw.cookies);
  if (cookies.length + leftOut.length === 0) return undefined;
  return { cookies, storage: raw.storage ?? [], leftOut };
}

/** The text without surrounding white space, invisible characters, and quotes that an env file kept, a few layers of them. */
export function unwrapped(text: string, layers = MAX_LAYERS): string {
  const bare = text.replace(INVISIBLE, "").trim();
  if (layers === 0) return bare;
  const inner = /^(?:'(.*)'|“(.*)”|‘(.*)’)$/s
    .exec(bare)
    ?.slice(1)
    .find((group) => group !== undefined);
  if (inner !== undefined) return unwrapped(inner, layers - 1);
  if (!/^".*"$/s.test(bare)) return bare;
  const parsed = jsonOf(bare);
  if (typeof parsed === "string") return unwrapped(parsed, layers - 1);
  // Quotes that were not escaped: `"["a=b"]"`.
  return parsed === undefined ? unwrapped(bare.slice(1, -1), layers - 1) : bare;
}

/** Undefined when the text is not JSON, or nested deeper than any export: the parser takes long to find that levels never end. */
export function jsonOf(text: string): unknown {
  if (isDeep(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isLong(text: string, end: string): boolean {
  let pieces = 0;
  for (let at = text.indexOf(end); at >= 0 && pieces <= MAX_PIECES; at = text.indexOf(end, at + 1)) pieces += 1;
  return pieces > MAX_PIECES;
}

function isDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length && depth <= MAX_DEPTH; at += 1) {
    const code = text.charCodeAt(at) | LOWER_BRACKET;
    if (code === OPEN_BRACE) depth += 1;
    else if (code === CLOSE_BRACE) depth -= 1;
  }
  return depth > MAX_DEPTH;
}

function readForm(text: string, layers: number): RawPaste | undefined {
  if (/^[[{]/.test(text)) {
    const value = jsonOf(text);
    const inner = typeof value === "object" && value !== null ? readCookieJson(value) : undefined;
    if (typeof inner !== "string") return inner;
    return layers > 0 ? readForm(unwrapped(inner), layers - 1) : undefined;
  }
  if (isLong(text, ";") || isLong(text, "\n")) return undefined;
  if (isCurl(text)) return readCurl(text);
  return readCookieTable(text) ?? readCookieHeader(text);
}
