import { isIP } from "node:net";
import type { RequestHandler } from "express";
import { GatewayError } from "../errors.ts";

/** https://www.rfc-editor.org/rfc/rfc9112#section-3.2 demands a refusal: a proxy may have looked at the other one. */
export const refuseTwoHosts: RequestHandler = (request, response, next) => {
  if ((request.headersDistinct["host"]?.length ?? 0) > 1) {
    response.shouldKeepAlive = false;
    throw new GatewayError("bad_request", "The request has more than one Host header.");
  }
  next();
};

/**
 * Serves a route under an IP address, a name of this very machine, and the names that are allowed. A web page whose own
 * name is made to point here (DNS rebinding) would read the answer as its own otherwise.
 * @throws GatewayError `host_not_allowed`
 */
export function requireKnownHost(allowed: readonly string[]): RequestHandler {
  const names = new Set(allowed.map((name) => name.toLowerCase()));
  return (request, _response, next) => {
    // Browsers always send one.
    const name = hostName(request.headers.host ?? "localhost");
    if (!isAddress(name) && !isLoopbackName(name) && !names.has(name)) {
      const shown = JSON.stringify(name.slice(0, 64));
      throw new GatewayError(
        "host_not_allowed",
        `This gateway does not serve ${request.path} under the name ${shown}. If the name is yours, add it to ALLOWED_HOSTS.`,
      );
    }
    next();
  };
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
