import type { RequestHandler } from "express";

/** An endpoint that was typed as the base URL, so that the client's own path follows it. */
const ENDPOINT_AS_BASE =
  /^(?:\/(?:chat\/completions|completions|responses|messages)(?:\/v1)*(?=\/(?:chat\/completions|completions|responses|messages|models)(?:\/|$)))+/i;

/** Users type base URLs with and without `/v1`, doubled, or with a slash too many: all of them mean the same. For callers' routes only. */
export const normalizeUrl: RequestHandler = (request, _response, next) => {
  const [path = "", ...query] = request.url.split("?");
  // Proxies may send the whole URL: https://www.rfc-editor.org/rfc/rfc9112#name-absolute-form
  const folded = `/${path.replace(/^https?:\/\/[^/]*/i, "")}/`
    .replaceAll(/\/{2,}/g, "/")
    .replace(/^(?:\/v1(?=\/))+/i, "")
    .replace(ENDPOINT_AS_BASE, "")
    .replace(/(.)\/$/, "$1");
  request.url = [folded, ...query].join("?");
  next();
};
