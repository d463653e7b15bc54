import type { BrowserContext } from "playwright";

/** As Playwright takes and gives them. */
export type StoredCookies = Parameters<BrowserContext["addCookies"]>[0];

/**
 * A Cookie header's text as cookies for one origin, host-only, as the `__Host-` prefix demands. next-auth sets all of its
 * cookies HttpOnly and SameSite=Lax; so is what it later rotates, and both must be the same cookie.
 */
export function parseCookies(header: string, origin: URL): StoredCookies {
  return header
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.includes("="))
    .map((pair) => {
      const at = pair.indexOf("=");
      return { name: pair.slice(0, at).trim(), value: pair.slice(at + 1).trim() };
    })
    .map(({ name, value }) => ({ name, value, url: origin.href, httpOnly: true, sameSite: "Lax" as const }));
}

/** When the first of them runs out, of those that do; milliseconds since the epoch. */
export function firstExpiry(cookies: StoredCookies): number | undefined {
  const ends = cookies.flatMap(({ expires = -1 }) => (expires > 0 ? [Math.round(expires * 1000)] : []));
  return ends.length === 0 ? undefined : Math.min(...ends);
}
