import type { RequestHandler } from "express";
import type { Route } from "./route.ts";

/**
 * Users type base URLs with and without `/v1`, doubled, or with a slash too many: all of them mean the same. Some type an
 * endpoint of `routes` as the base URL, so that the client's own path follows it. For callers' routes only.
 */
export function normalizeUrl(routes: readonly Pick<Route, "method" | "path" | "audience">[]): RequestHandler {
  const endpoints = routes
    .filter(({ method, path, audience }) => audience === "api" && method === "POST" && /^\/v1[\w/]+$/.test(path))
    .map(({ path }) => path.replace(/^\/v1\//, ""))
    .join("|");
  const asBase = new RegExp(`^(?:/(?:${endpoints})(?:/v1)*(?=/(?:${endpoints}|models)(?:/|$)))+`, "i");
  return (request, _response, next) => {
    const [path = "", ...query] = request.url.split("?");
    // Proxies may send the whole URL: https://www.rfc-editor.org/rfc/rfc9112#name-absolute-form
    const folded = `/${path.replace(/^https?:\/\/[^/]*/i, "")}/`
      .replaceAll(/\/{2,}/g, "/")
      .replace(/^(?:\/v1(?=\/))+/i, "")
      .replace(asBase, "")
      .replace(/(.)\/$/, "$1");
    request.url = [folded, ...query].join("?");
    next();
  };
}
