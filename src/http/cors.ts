import type { RequestHandler } from "express";
import { setResponseHeaders } from "./respond.ts";

const METHODS = "GET, POST, DELETE, HEAD, OPTIONS";
const EXPOSED = [
  "x-request-id",
  "retry-after",
  "retry-after-ms",
  "x-should-retry",
  "openai-processing-ms",
  "openai-version",
  "x-gateway-model",
  "x-gateway-account",
  "x-gateway-attempts",
  "x-gateway-queued-ms",
  "x-gateway-queue-position",
  "x-gateway-estimated-wait-ms",
  "x-gateway-local",
  "x-gateway-context-cut",
  "x-ignored-params",
  "x-emulated-params",
  "x-unchecked-params",
].join(", ");

/**
 * Lets pages of the given origins (`*`: all) call the gateway and read its errors. Preflights need no key, and the
 * headers they ask for are granted as asked: a fixed list breaks with each new SDK (https://github.com/ollama/ollama/issues/9236).
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
