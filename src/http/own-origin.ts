import type { IncomingHttpHeaders } from "node:http";

/**
 * Whether a page of this gateway asks, by what its browser says; undefined where nothing is said, as by `curl`. Browsers tell
 * `Sec-Fetch-Site` on HTTPS and on this machine's own names. Elsewhere `Origin` must name the host that was asked, so a proxy
 * has to hand on the Host header as it came.
 */
export function isOwnPage(headers: IncomingHttpHeaders): boolean | undefined {
  const { origin, host, "sec-fetch-site": site } = headers;
  if (site !== undefined) return site === "same-origin";
  if (origin === undefined) return undefined;
  // A page without an origin says `null`.
  const page = URL.parse(origin);
  return page !== null && host !== undefined && page.host === URL.parse(`${page.protocol}//${host}`)?.host;
}

/**
 * Whether the page that asks was loaded over TLS, as its browser or the proxy before the gateway says. Who lies about that
 * gets a cookie that is sent less often, so anybody may say it.
 */
export function isOverTls({ origin, "x-forwarded-proto": forwarded }: IncomingHttpHeaders): boolean {
  return URL.parse(origin ?? "")?.protocol === "https:" || /^https\b/i.test([forwarded].flat()[0] ?? "");
}
