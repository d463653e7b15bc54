/** A proxy through which a browser reaches the site. */
export interface Proxy {
  /** Scheme, host and port, as Chromium expects them. Contains no secret. */
  readonly server: string;
  readonly signIn: { readonly username: string; readonly password: string } | undefined;
}

/** What is expected, for error messages. */
export const PROXY_FORM =
  "a proxy such as http://user:password@host:port (http, https, socks5 or socks4), with % codes for special characters";

const SCHEMES = new Set(["http:", "https:", "socks5:", "socks4:"]);

/** The proxy, or what is wrong. Never quotes the text. */
export function readProxy(text: string): Proxy | string {
  const bare = text.trim();
  // A bare `host:port` would be read as a scheme and a path.
  const url = URL.parse(/^[a-z][a-z\d+.-]*:\/\//i.test(bare) ? bare : `http://${bare}`);
  if (!url || !SCHEMES.has(url.protocol)) return PROXY_FORM;
  // For unknown schemes the URL parser accepts invalid hosts, and for all schemes it accepts paths.
  if (!/^(?:[\w.-]+|\[[\da-f:.]+\])$/i.test(url.hostname) || !/^\/?$/.test(url.pathname) || url.search || url.hash) {
    return PROXY_FORM;
  }
  const hasSignIn = url.username + url.password !== "";
  if (hasSignIn && url.protocol.startsWith("socks")) {
    return "a SOCKS proxy without user and password: Chromium sends none to SOCKS; use the provider's http or https proxy";
  }
  const [username, password] = [url.username, url.password].map(decoded) as [string, string];
  // Basic authentication ends the user name at the first colon: https://www.rfc-editor.org/rfc/rfc7617#section-2
  if (username.includes(":")) return `${PROXY_FORM}; a user name has no colon`;
  const server = `${url.protocol}//${url.hostname}:${url.port || portOf(url.protocol)}`;
  return { server, signIn: hasSignIn ? { username, password } : undefined };
}

/** What the log must never show of the proxy. */
export function secretsOfProxy({ signIn }: Proxy): string[] {
  if (!signIn) return [];
  const { username, password } = signIn;
  return [password, Buffer.from(`${username}:${password}`).toString("base64")];
}

function portOf(protocol: string): number {
  if (protocol === "https:") return 443;
  return protocol === "http:" ? 80 : 1080;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
