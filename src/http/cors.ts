import type { RequestHandler } from "express";
import { setResponseHeaders } from "./respond.ts";
import { RESPONSE_HEADERS } from "./response-headers.ts";

const METHODS = "GET, POST, DELETE, HEAD, OPTIONS";
const EXPOSED = Object.keys(RESPONSE_HEADERS).join(", ");

/**
 * Lets pages of the given origins (`*`: all) call the gateway and read its errors. A preflight needs no key. It may use
 * every header that it asks for: a fixed list breaks with each new SDK (https://github.com/ollama/ollama/issues/9236).
 */
export function cors(origins: readonly string[]): RequestHandler {
  const isOpen = origins.includes("*");
  return (request, response, next) => {
    const { origin } = request.headers;
    const granted = isOpen ? "*" : origin !== undefined && origins.includes(origin) ? origin : undefined;
    if (!isOpen) response.vary("Origin");
    if (granted !== undefined) {
      response.setHeader("access-control-allow-origin", granted);
      response.setHeader("access-control-expose-headers", EXPOSED);
    }
    if (request.method !== "OPTIONS") {
      next();
      return;
    }
    if (granted !== undefined) {
      response.vary("Access-Control-Request-Headers");
      response.setHeader("access-control-allow-methods", METHODS);
      const headers = request.headers["access-control-request-headers"];
      if (headers) response.setHeader("access-control-allow-headers", headers);
      if (request.headers["access-control-request-private-network"] === "true") {
        response.setHeader("access-control-allow-private-network", "true");
      }
      response.setHeader("access-control-max-age", "86400");
    }
    setResponseHeaders(response);
    response.writeHead(204).end();
  };
}
