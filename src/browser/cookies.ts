import type { BrowserContext } from "playwright";
import { belongsTo } from "../credentials/cookie-scope.ts";
import type { PastedCookie } from "../credentials/paste.ts";

/** As Playwright takes and gives them. */
export type StoredCookies = Parameters<BrowserContext["addCookies"]>[0];
export type StoredCookie = StoredCookies[number];

/** More than any site's page needs; a page that fills the jar pushes the sign-in out of it. */
const MAX_COOKIES = 64;
/** Servers refuse a request whose headers are longer, many from 16 KiB on; a page's script may fill the jar beyond that. */
const MAX_JAR_CHARACTERS = 12 * 1024;
/** Chromium keeps no cookie longer; some exports count in milliseconds. */
const MAX_AGE_SECONDS = 400 * 86_400;

/**
 * Pasted cookies as the browser takes them; those of other sites are left out. What has no scope becomes host-only, as the
 * `__Host-` prefix demands. next-auth sets all of its cookies HttpOnly and SameSite=Lax; so is what it later rotates, and
 * both must be the same cookie.
 */
export function toBrowserCookies(pasted: readonly PastedCookie[], origin: URL): StoredCookies {
  const latest = Date.now() / 1000 + MAX_AGE_SECONDS;
  return pasted
    .filter(({ domain }) => belongsTo(domain, origin))
    .map(({ name, value, domain, path, expires, httpOnly, secure, sameSite, partitionKey }) => {
      const isSecure = secure ?? origin.protocol === "https:";
      return {
        name,
        value,
        domain: domain === undefined || domain === "" ? origin.hostname : domain,
        path: path ?? "/",
        secure: isSecure || /^__(?:Host|Secure)-/.test(name),
        httpOnly: httpOnly ?? true,
        sameSite: sameSite === "None" && !isSecure ? "Lax" : (sameSite ?? "Lax"),
        expires: expires === undefined ? -1 : Math.min(expires, latest),
        ...(partitionKey === undefined ? {} : { partitionKey }),
      };
    });
}

/** When the first of them runs out, of those that do; milliseconds since the epoch. */
export function firstExpiry(cookies: StoredCookies): number | undefined {
  const ends = cookies.flatMap(({ expires = -1 }) => (expires > 0 ? [Math.round(expires * 1000)] : []));
  return ends.length === 0 ? undefined : Math.min(...ends);
}

/** The same place in a jar: what a browser would replace. */
export function isSamePlace(one: StoredCookie, other: StoredCookie): boolean {
  return (
    one.name === other.name &&
    one.domain === other.domain &&
    one.path === other.path &&
    one.partitionKey === other.partitionKey
  );
}

/** As many as a jar may hold, the important ones first; they come last in it, as the newest, which a browser drops last. */
export function capped(cookies: StoredCookies, importance: (cookie: StoredCookie) => number): StoredCookies {
  let characters = 0;
  return cookies
    .toSorted((one, other) => importance(other) - importance(one))
    .slice(0, MAX_COOKIES)
    .filter(({ name, value }) => (characters += name.length + value.length) <= MAX_JAR_CHARACTERS)
    .toReversed();
}
