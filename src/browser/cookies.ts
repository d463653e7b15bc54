import type { BrowserContext } from "playwright";
import { belongsTo } from "../credentials/cookie-scope.ts";
import type { PastedCookie } from "../credentials/paste.ts";

/** In the form that Playwright takes and gives. */
export type StoredCookies = Parameters<BrowserContext["addCookies"]>[0];
export type StoredCookie = StoredCookies[number];

/** More than any site needs. A page that sets cookies without end would push out the cookies that sign in. */
const MAX_COOKIES = 64;
/** Many servers refuse a request with more than 16 KiB of headers, and a page's script can set more cookies than that. */
const MAX_JAR_CHARACTERS = 12 * 1024;
/** Chromium keeps no cookie longer. Some exports give the expiry in milliseconds, which is far in the future. */
const MAX_AGE_SECONDS = 400 * 86_400;

/**
 * Pasted cookies in the browser's form, without those of other sites. A cookie without a domain becomes host-only, as the
 * `__Host-` prefix demands. The defaults, HttpOnly and SameSite=Lax, are those of next-auth: when it replaces a token, the
 * new cookie must replace the pasted one.
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

/** When the first of the cookies expires, in milliseconds since the epoch; undefined if none does. */
export function firstExpiry(cookies: StoredCookies): number | undefined {
  const ends = cookies.flatMap(({ expires = -1 }) => (expires > 0 ? [Math.round(expires * 1000)] : []));
  return ends.length === 0 ? undefined : Math.min(...ends);
}

/** Whether the browser would replace one with the other. */
export function isSamePlace(one: StoredCookie, other: StoredCookie): boolean {
  return (
    one.name === other.name &&
    one.domain === other.domain &&
    one.path === other.path &&
    one.partitionKey === other.partitionKey
  );
}

/** As many of the most important cookies as may be kept. They come last, because browsers drop the newest ones last. */
export function capped(cookies: StoredCookies, importance: (cookie: StoredCookie) => number): StoredCookies {
  let characters = 0;
  return cookies
    .toSorted((one, other) => importance(other) - importance(one))
    .slice(0, MAX_COOKIES)
    .filter(({ name, value }) => (characters += name.length + value.length) <= MAX_JAR_CHARACTERS)
    .toReversed();
}
