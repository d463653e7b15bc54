import { GatewayError } from "../errors.ts";
import { originSettingOf, type Site } from "../sites/site.ts";

/** Stands for the name of the setting of the site's origin. */
const ORIGIN = "SITE_ORIGIN";
/** Advice for Chromium's network errors: https://chromium.googlesource.com/chromium/src/+/main/net/base/net_error_list.h */
const ADVICE: readonly (readonly [code: RegExp, advice: string])[] = [
  [/^ERR_NAME_|^ERR_DNS_/, `The site's name was not found: check ${ORIGIN} and this machine's DNS.`],
  [
    /^ERR_(?:TUNNEL_|NO_SUPPORTED_PROXIES|MANDATORY_PROXY|PAC_)|PROXY|SOCKS/,
    "The proxy failed: check the proxy variables of the environment, --proxy-server in BROWSER_ARGS, PROXY_URL and the account's proxy.",
  ],
  [
    /^ERR_CERT_DATE_INVALID$/,
    "The site's certificate is not valid today: check this machine's clock, then any proxy on the way that inspects TLS.",
  ],
  [
    /^ERR_CERT_COMMON_NAME_INVALID$/,
    `The site's certificate is for another name: check ${ORIGIN} and what answers in the site's place.`,
  ],
  [
    /^ERR_CERT_/,
    "The site's certificate is not trusted: where a proxy inspects TLS, put its CA into the browser's own store (certutil -d sql:$HOME/.pki/nssdb).",
  ],
  [/^ERR_(?:SSL_|BAD_SSL_)|^ERR_QUIC_/, "No TLS connection came about: check what answers on the site's port."],
  [
    /^ERR_CONNECTION_REFUSED$/,
    `Nothing listens there, or a firewall refuses: check ${ORIGIN} and this machine's way out.`,
  ],
  [
    /^ERR_(?:CONNECTION_|TIMED_OUT|EMPTY_RESPONSE|HTTP2_|SOCKET_)/,
    "The connection did not hold: check firewalls and proxies on the way to the site.",
  ],
  [/^ERR_(?:ADDRESS_|INTERNET_DISCONNECTED|NETWORK_)/, "This machine's network has no way to the site, or changed."],
  [
    /^ERR_TOO_MANY_REDIRECTS$/,
    "The site redirects in a circle: open it by hand with this account, and give the account a new cookie.",
  ],
  [/^ERR_(?:BLOCKED_|UNSAFE_PORT)/, `The browser may not open this address: check its policies and ${ORIGIN}.`],
];

/** The name of the network error that Playwright reported, such as `ERR_NAME_NOT_RESOLVED`. */
export function netErrorIn(cause: unknown): string | undefined {
  return /\bnet::(ERR_[A-Z0-9_]+)/.exec(String(cause))?.[1];
}

/** The error for a page of the site that did not open: the browser's reason, and what to do about it. */
export function unreachable(
  cause: unknown,
  { site, limitMs }: { readonly site: Pick<Site, "name">; readonly limitMs: number },
): GatewayError {
  const code = netErrorIn(cause);
  const message = "The site's page could not be opened";
  if (code === undefined) {
    const isLate = cause instanceof Error && cause.name === "TimeoutError";
    const what = isLate ? `: no answer within ${Math.round(limitMs / 1000)} seconds` : "";
    return new GatewayError("site_unreachable", `${message}${what}.`, { cause });
  }
  const advice = ADVICE.find(([pattern]) => pattern.test(code))?.[1].replace(ORIGIN, originSettingOf(site));
  return new GatewayError("site_unreachable", [`${message} (net::${code}).`, advice].filter(Boolean).join(" "), {
    cause,
  });
}
