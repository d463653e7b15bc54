/** playwright: a server of Playwright's own protocol · cdp: a Chromium, or a service that speaks its DevTools protocol */
export type BrowserProtocol = "playwright" | "cdp";

/** Where browsers run that the gateway connects to. */
export interface BrowserEndpoint {
  /** Without user and password. Its path and query may be secret. */
  readonly url: URL;
  /** From the URL's user and password. */
  readonly authorization: string | undefined;
  /** Undefined where the address does not tell it, and has to be asked. */
  readonly protocol: BrowserProtocol | undefined;
  /** Scheme, host and port: what may be shown. */
  readonly shown: string;
}

const ENDPOINT_FORM =
  "an address such as ws://host:port/path or https://host:port, with playwright+ or cdp+ before it where the gateway cannot tell";

const FORM = /^(?:(playwright|cdp)\+)?((?:wss?|https?):\/\/\S+)$/i;
/** The address of a Chromium's DevTools socket. */
const DEVTOOLS = /\/devtools\/browser\b/;
/** Shorter parts of a path are words that a log may hold. */
const LEAST_SECRET_CHARACTERS = 12;

/** The endpoint, or what was expected. Never quotes the text. */
export function readBrowserEndpoint(text: string): BrowserEndpoint | string {
  const [, named, address = ""] = FORM.exec(text.trim()) ?? [];
  const url = URL.parse(address);
  if (!url || url.hash !== "") return ENDPOINT_FORM;
  const isHttp = url.protocol.startsWith("http");
  const isCdp = isHttp || DEVTOOLS.test(url.pathname);
  const protocol = (named?.toLowerCase() as BrowserProtocol | undefined) ?? (isCdp ? "cdp" : undefined);
  if (protocol === "playwright" && isHttp) return `${ENDPOINT_FORM}; playwright+ goes with ws or wss`;
  if (!isJsonObject(url.searchParams.get("launch-options") ?? "{}"))
    return "launch-options in the address as a JSON object";
  const shown = `${url.protocol}//${url.host}`;
  const authorization = authorizationOf(url);
  url.username = "";
  url.password = "";
  return { url, authorization, protocol, shown };
}

/** What the log must never show of the endpoint. */
export function secretsOfEndpoint({ url, authorization = "" }: BrowserEndpoint): string[] {
  const parts = [...url.pathname.split("/"), ...url.searchParams.values()];
  const basic = authorization.replace(/^Basic /, "");
  const password = Buffer.from(basic, "base64")
    .toString()
    .replace(/^[^:]*:/, "");
  return [...parts.filter((part) => part.length >= LEAST_SECRET_CHARACTERS), basic, password].filter(Boolean);
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function authorizationOf({ username, password }: URL): string | undefined {
  if (username + password === "") return undefined;
  const userInfo = [username, password].map(decoded).join(":");
  return `Basic ${Buffer.from(userInfo).toString("base64")}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
