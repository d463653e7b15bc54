import type { Site } from "../sites/site.ts";
import { hasSignIn } from "./account-identity.ts";
import { belongsTo } from "./cookie-scope.ts";
import { isCookieExport } from "./cookie-json.ts";
import { jsonOf, PASTE_FORMS, readPaste, unwrapped, type Paste } from "./paste.ts";
import { pasteNotes } from "./paste-notes.ts";

type PastedTo = Pick<Site, "origin" | "isAuthCookie">;

/** What the gateway makes of a pasted credential. Names and places only, never a value. */
export interface CredentialPreview {
  readonly signIn: "found" | "missing";
  readonly cookies: readonly PreviewedCookie[];
  readonly leftOut: readonly { readonly name: string; readonly reason: string }[];
  readonly storage: readonly { readonly origin: string; readonly count: number }[];
  /** What the operator should know about it. */
  readonly notes: readonly string[];
}

interface PreviewedCookie {
  readonly name: string;
  readonly domain: string;
  /** Milliseconds since the epoch; null for a cookie that ends with the browser. */
  readonly expiresAt: number | null;
}

/** An export of a whole browser has thousands of cookies. */
const MAX_LISTED = 200;
const MAX_SHOWN_CHARACTERS = 200;

/** What is wrong with a pasted credential: what was found in its place. Undefined if it can be used. Never quotes it. */
export function problemOfCredential(text: string, site: PastedTo, paste = readPaste(text)): string | undefined {
  if (!paste) return `expected ${PASTE_FORMS}, found ${foundIn(unwrapped(text))}`;
  if (paste.cookies.length === 0) return `expected a cookie that a browser takes: ${paste.leftOut[0]?.reason}`;
  const { own, foreign } = byPlace(paste, site);
  if (own.length > 0) return undefined;
  const places = [...new Set(foreign.map(({ domain = "" }) => shown(domain.replace(/^\./, ""))))].slice(0, 3);
  return `expected cookies of ${site.origin.hostname}, found only cookies of other sites (${places.join(", ")})`;
}

/** A preview of a credential that can be used, else what is wrong with it. Reads it once: an export may have a megabyte. */
export function previewOf(text: string, site: PastedTo): CredentialPreview | string {
  const paste = readPaste(text);
  const problem = problemOfCredential(text, site, paste);
  if (!paste || problem !== undefined) return problem ?? `expected ${PASTE_FORMS}`;
  const { own, foreign } = byPlace(paste, site);
  const reason = `it belongs to another site than ${site.origin.hostname}`;
  const leftOut = [...paste.leftOut, ...foreign.map(({ name }) => ({ name: shown(name), reason }))];
  const more = Math.max(0, own.length - MAX_LISTED) + Math.max(0, leftOut.length - MAX_LISTED);
  return {
    signIn: hasSignIn(paste, site) ? "found" : "missing",
    cookies: own.slice(0, MAX_LISTED).map(({ name, domain, expires }) => ({
      name: shown(name),
      domain: shown(domain || site.origin.hostname),
      expiresAt: expires === undefined ? null : Math.round(expires * 1000),
    })),
    leftOut: leftOut.slice(0, MAX_LISTED).map(({ name, reason: why }) => ({ name, reason: why })),
    storage: paste.storage.slice(0, MAX_LISTED).map(({ origin, localStorage }) => ({
      origin: shown(origin),
      count: localStorage.length,
    })),
    notes: [...pasteNotes(paste, site), ...(more > 0 ? [`${more} more cookies are not listed here`] : [])],
  };
}

function byPlace({ cookies }: Pick<Paste, "cookies">, { origin }: PastedTo) {
  const isOwn = ({ domain }: Paste["cookies"][number]): boolean => belongsTo(domain, origin);
  return { own: cookies.filter(isOwn), foreign: cookies.filter((cookie) => !isOwn(cookie)) };
}

/** What a text is in which no cookie was found. */
function foundIn(text: string): string {
  if (text === "") return "nothing";
  if (text.startsWith("<")) return "a web page (HTML)";
  if (/^[[{]/.test(text)) {
    const value = jsonOf(text);
    if (value === undefined) return "JSON that is not whole: a quote, a comma or a bracket is missing";
    const isList = Array.isArray(value) && value.length > 1 && !isCookieExport(value);
    return isList ? "a JSON list that is no list of cookies; accounts are added one by one" : "JSON without cookies";
  }
  if (/^curl\b/i.test(text)) return "a curl command without a Cookie header";
  if (!/\s/.test(text)) return "a single word without a name: a cookie's value alone does not tell whose it is";
  return `a text of ${text.split("\n").length} lines without name=value`;
}

/** Names come from outside. A browser takes longer ones than a person reads. */
function shown(name: string): string {
  return name.length > MAX_SHOWN_CHARACTERS ? `${name.slice(0, MAX_SHOWN_CHARACTERS)}…` : name;
}
