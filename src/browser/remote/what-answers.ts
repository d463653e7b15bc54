import type { BrowserEndpoint } from "../../credentials/browser-endpoint.ts";
import { RefusedUpgrade } from "./cdp-socket.ts";

const MAX_QUOTED_CHARACTERS = 300;

/** What a Chromium, or a service in its manner, says of itself. */
interface DevToolsVersion {
  readonly webSocketDebuggerUrl?: unknown;
}

/** The headers that each request to the endpoint carries. */
export function endpointHeaders({ authorization }: BrowserEndpoint): Readonly<Record<string, string>> {
  return authorization === undefined ? {} : { authorization };
}

/**
 * Asks for `/json/version`, which every Chromium answers. Undefined if what answers there is something else.
 * @throws RefusedUpgrade for a status that is no success, from an address that can only be a Chromium's; what fetch throws.
 */
async function versionAt(endpoint: BrowserEndpoint, signal: AbortSignal): Promise<DevToolsVersion | undefined> {
  const { url, protocol } = endpoint;
  const asked = new URL(url);
  asked.protocol = /^(?:wss|https):$/.test(url.protocol) ? "https:" : "http:";
  asked.pathname = `${url.pathname.replace(/\/$/, "")}/json/version`;
  const response = await fetch(asked, { headers: endpointHeaders(endpoint), redirect: "manual", signal });
  const text = await response.text();
  if (!response.ok && protocol === "cdp")
    throw new RefusedUpgrade(response.status, text.slice(0, MAX_QUOTED_CHARACTERS));
  try {
    const answer = JSON.parse(text) as DevToolsVersion | null;
    return typeof answer?.webSocketDebuggerUrl === "string" ? answer : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a Chromium answers there, or a service in its manner. @throws what fetch throws. */
export async function speaksDevTools(endpoint: BrowserEndpoint, signal: AbortSignal): Promise<boolean> {
  return (await versionAt(endpoint, signal)) !== undefined;
}

/**
 * The address of the DevTools socket. Chromium tells its own name for itself, which may lead nowhere from here, so only the
 * path is taken from what it tells.
 * @throws RefusedUpgrade; Error when something else answers there; what fetch throws.
 */
export async function devToolsSocketOf(endpoint: BrowserEndpoint, signal: AbortSignal): Promise<URL> {
  if (endpoint.url.protocol.startsWith("ws")) return endpoint.url;
  const told = (await versionAt(endpoint, signal))?.webSocketDebuggerUrl;
  const { pathname, searchParams } = URL.parse(String(told)) ?? {};
  if (pathname === undefined || !searchParams) throw new Error("Malformed endpoint: it tells no DevTools socket");
  const socket = new URL(endpoint.url);
  socket.protocol = endpoint.url.protocol === "https:" ? "wss:" : "ws:";
  socket.pathname = pathname;
  for (const [name, value] of searchParams) socket.searchParams.set(name, value);
  return socket;
}
