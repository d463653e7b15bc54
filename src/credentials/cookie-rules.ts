import type { LeftOutCookie, PastedCookie } from "./paste.ts";

/** https://www.rfc-editor.org/rfc/rfc9110#name-tokens */
const TOKEN = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/;
/** https://www.rfc-editor.org/rfc/rfc6265bis: a browser refuses what is longer, name and value together. */
const MAX_COOKIE_BYTES = 4_096;
/** https://github.com/nextauthjs/next-auth/blob/main/packages/core/src/lib/utils/cookie.ts: 4096 without 163 of attributes. */
const NEXT_AUTH_CHUNK_CHARACTERS = 3_933;
const SPLIT_BY_NEXT_AUTH = /session-token$/;
const MAX_SHOWN_NAME_CHARACTERS = 64;

/**
 * Proofs that one browser on one address solved a challenge: Cloudflare, DDoS-Guard, AWS, DataDome, Akamai, Imperva, HUMAN,
 * Vercel. Sites refuse them in another browser, and they would get in the way of that browser's clearance.
 */
const CLEARANCE = new RegExp(
  `^(?:${[
    "cf_clearance|__cf_bm|_cfuvid|__cfruid|cf_chl_.+",
    "__ddg\\w*_?",
    "aws-waf-token",
    "datadome",
    "_abck|ak_bmsc|bm_\\w+",
    "incap_ses_.+|visid_incap_.+|nlbi_.+|reese84",
    "_px\\w*",
    "_vcrcs",
  ].join("|")})$`,
);

interface Sifted {
  readonly cookies: readonly PastedCookie[];
  readonly leftOut: readonly LeftOutCookie[];
}

/** Keeps what a browser accepts, names what it would refuse, and leaves out another browser's clearance. */
export function siftCookies(raw: readonly PastedCookie[], nowMs = Date.now()): Sifted {
  // The last of two equal cookies counts, as in a browser.
  const cookies = new Map<string, PastedCookie>();
  const leftOut: LeftOutCookie[] = [];
  for (const cookie of raw.flatMap(splitLongToken)) {
    const reason = problemOf(cookie, nowMs);
    if (reason !== undefined) leftOut.push({ name: shownName(cookie.name), ...reason });
    else cookies.set(JSON.stringify([cookie.name, cookie.domain, cookie.path, cookie.partitionKey]), cookie);
  }
  return { cookies: [...cookies.values()], leftOut };
}

type Problem = Omit<LeftOutCookie, "name">;

function broken(reason: string): Problem {
  return { reason, isExpected: false };
}

function problemOf({ name, value, expires }: PastedCookie, nowMs: number): Problem | undefined {
  if (name !== "" && !TOKEN.test(name)) return broken("its name has characters that a cookie's name cannot have");
  if (CLEARANCE.test(name)) {
    return {
      reason: "it proves a challenge solved by another browser, which this one solves itself",
      isExpected: true,
    };
  }
  // oxlint-disable-next-line no-control-regex -- These are what a browser refuses.
  if (/[\u0000-\u001f\u007f]/.test(value)) return broken("its value has control characters");
  const bytes = Buffer.byteLength(name + value);
  if (bytes > MAX_COOKIE_BYTES) return broken(`it has ${bytes} bytes; a browser takes ${MAX_COOKIE_BYTES}`);
  if (expires !== undefined && expires * 1000 <= nowMs) {
    return broken(`it ran out on ${new Date(expires * 1000).toISOString().slice(0, 10)}`);
  }
  return name === "" && value === "" ? { reason: "it is empty", isExpected: true } : undefined;
}

/** Splits a token whose parts a person has joined: next-auth never sets a token that long as one cookie. */
function splitLongToken(cookie: PastedCookie): readonly PastedCookie[] {
  const { name, value } = cookie;
  if (!SPLIT_BY_NEXT_AUTH.test(name) || name.length + value.length <= MAX_COOKIE_BYTES) return [cookie];
  const count = Math.ceil(value.length / NEXT_AUTH_CHUNK_CHARACTERS);
  return Array.from({ length: count }, (_, at) => ({
    ...cookie,
    name: `${name}.${at}`,
    value: value.slice(at * NEXT_AUTH_CHUNK_CHARACTERS, (at + 1) * NEXT_AUTH_CHUNK_CHARACTERS),
  }));
}

/** A name that no cookie can have may be part of a secret, cut off by a broken form. */
function shownName(name: string): string {
  return TOKEN.test(name) && name.length <= MAX_SHOWN_NAME_CHARACTERS ? name : "(unreadable name)";
}
