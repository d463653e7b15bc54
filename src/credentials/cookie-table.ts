import type { PastedCookie, RawPaste } from "./paste.ts";

/** curl marks HttpOnly cookies in the domain column: https://curl.se/docs/http-cookies.html */
const HTTP_ONLY_PREFIX = "#HttpOnly_";
const NETSCAPE_COLUMNS = 7;

/**
 * Reads Netscape's cookies.txt (domain, subdomains, path, secure, expiry, name, value; separated by tabs, or by spaces when a
 * paste lost the tabs), or rows copied from the cookie table of the developer tools (name, value, domain, path, expiry, …;
 * separated by tabs). Undefined when it is neither.
 */
export function readCookieTable(text: string): RawPaste | undefined {
  const rows = text
    .split(/\r\n|\r|\n/)
    .filter((line) => line.trim() !== "" && (!line.startsWith("#") || line.startsWith(HTTP_ONLY_PREFIX)));
  const cookies = rows.map((row) => netscapeCookie(row) ?? devToolsCookie(row));
  const found = cookies.filter((cookie) => cookie !== undefined);
  // A broken line loses its cookie only.
  return found.length > 0 && found.length * 2 > rows.length ? { cookies: found } : undefined;
}

function netscapeCookie(row: string): PastedCookie | undefined {
  const byTabs = row.split("\t");
  const columns = byTabs.length >= NETSCAPE_COLUMNS - 1 ? byTabs : row.trim().split(/\s+/);
  const [place = "", subdomains = "", path = "", secure = "", expiry = "", name = "", ...rest] = columns;
  if (!isFlag(subdomains) || !isFlag(secure) || !path.startsWith("/")) return undefined;
  const httpOnly = place.startsWith(HTTP_ONLY_PREFIX);
  const domain = httpOnly ? place.slice(HTTP_ONLY_PREFIX.length) : place;
  const expires = Number(expiry);
  return {
    name: name.trim(),
    value: rest.join(byTabs.length === columns.length ? "\t" : " ").trim(),
    domain: isTrue(subdomains) ? `.${domain.replace(/^\./, "")}` : domain.replace(/^\./, ""),
    path,
    secure: isTrue(secure),
    // Few tools write the mark, so its absence says nothing.
    ...(httpOnly ? { httpOnly } : {}),
    ...(expires > 0 ? { expires } : {}),
  };
}

function isFlag(column: string): boolean {
  return /^(?:TRUE|FALSE)$/i.test(column.trim());
}

function isTrue(flag: string): boolean {
  return /^TRUE$/i.test(flag.trim());
}

function devToolsCookie(row: string): PastedCookie | undefined {
  const [name = "", value = "", domain = "", path = "", expiry = ""] = row.split("\t").map((column) => column.trim());
  if (name === "" || !/^\.?[\w-]+(?:\.[\w-]+)*$/.test(domain) || !path.startsWith("/")) return undefined;
  const expiresMs = Date.parse(expiry);
  return { name, value, domain, path, ...(Number.isNaN(expiresMs) ? {} : { expires: expiresMs / 1000 }) };
}
