import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import type { RequestHandler } from "express";
import { GatewayError } from "../errors.ts";

/** https://www.rfc-editor.org/rfc/rfc9112#section-3.2 demands a refusal: a proxy may have looked at the other one. */
export function assertOneHost({ headersDistinct }: Pick<IncomingMessage, "headersDistinct">): void {
  if ((headersDistinct["host"]?.length ?? 0) <= 1) return;
  throw new GatewayError("bad_request", "The request has more than one Host header.");
}

export const refuseTwoHosts: RequestHandler = (request, response, next) => {
  try {
    assertOneHost(request);
  } catch (cause) {
    response.shouldKeepAlive = false;
    throw cause;
  }
  next();
};

/** Serves a route under a known name only. @throws GatewayError `host_not_allowed` */
export function requireKnownHost(allowed: readonly string[]): RequestHandler {
  return ({ headers, path }, _response, next) => {
    assertKnownHost(headers.host, path, allowed);
    next();
  };
}

/**
 * Admits an IP address, a name of this very machine, and the names that are allowed. A web page whose own name is made to
 * point here (DNS rebinding) would read the answer as its own otherwise. `host`: the request's Host header.
 * @throws GatewayError `host_not_allowed`
 */
export function assertKnownHost(host: string | undefined, path: string, allowed: readonly string[]): void {
  // Browsers always send one.
  const name = hostName(host ?? "localhost");
  if (isAddress(name) || isLoopbackName(name) || allowed.some((one) => one.toLowerCase() === name)) return;
  const shown = JSON.stringify(name.slice(0, 64));
  throw new GatewayError(
    "host_not_allowed",
    `This gateway does not serve ${path} under the name ${shown}. If the name is yours, add it to ALLOWED_HOSTS.`,
  );
}

/** Without the port, and without the dot that may end a full name. */
function hostName(host: string): string {
  return host.toLowerCase().replace(/:\d*$/, "").replace(/\.$/, "");
}

function isAddress(name: string): boolean {
  return isIP(name) !== 0 || (name.startsWith("[") && name.endsWith("]") && isIP(name.slice(1, -1)) === 6);
}

/** No name server is asked for these: https://www.rfc-editor.org/rfc/rfc6761#section-6.3 */
function isLoopbackName(name: string): boolean {
  return name === "localhost" || name.endsWith(".localhost");
}
