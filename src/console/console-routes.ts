import { join } from "node:path";
import type { Request, RequestHandler, Response } from "express";
import { setResponseHeaders } from "../http/respond.ts";
import type { Route } from "../http/route.ts";

const BUILT = join(import.meta.dirname, "../../console/dist");
const NOT_BUILT = join(import.meta.dirname, "not-built.html");
/** The build names each file after its content: a name never gets another content. */
const FOR_EVER = "public, max-age=31536000, immutable";
/** As the build names files: no folder, no hidden file. */
const ASSET_NAME = /^[\w-][\w.-]*$/;
const TYPES: Readonly<Record<string, string>> = {
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

/**
 * The operator's console: its page under each of its addresses, and the files that the build made. They hold no secret, so
 * they need no key.
 * `folder`: where the build is.
 */
export function consoleRoutes(folder = BUILT): Route[] {
  const page = sendPage(folder);
  const operation = { tag: "Gateway", summary: "The operator's console", answerType: "text/html" } as const;
  return [
    { method: "GET", path: "/console", audience: "docs", operation, handlers: [page] },
    { method: "GET", path: "/console/", audience: "docs", operation, handlers: [page] },
    {
      method: "GET",
      path: "/console/assets/:file",
      audience: "docs",
      operation: {
        tag: "Gateway",
        summary: "Styles and scripts of /console",
        answerType: "text/javascript",
        errors: ["unknown_url"],
      },
      handlers: [sendAsset(folder)],
    },
    {
      method: "GET",
      path: "/console/*page",
      audience: "docs",
      operation: { ...operation, summary: "A page of the console" },
      handlers: [page],
    },
  ];
}

/** The page draws what its address says. */
function sendPage(folder: string): RequestHandler {
  return (_request, response, next) => {
    setResponseHeaders(response);
    const headers = { "cache-control": "no-cache" };
    response.sendFile(join(folder, "index.html"), { cacheControl: false, headers }, (cause) => {
      if (!cause) return;
      if (response.headersSent || statusOf(cause) !== 404) next(cause);
      else response.status(503).sendFile(NOT_BUILT, { cacheControl: false, headers: { "cache-control": "no-store" } });
    });
  };
}

function sendAsset(folder: string): RequestHandler {
  return (request, response, next) => {
    const name = String(request.params["file"]);
    const type = TYPES[name.split(".").at(-1) ?? ""];
    if (!ASSET_NAME.test(name) || type === undefined) {
      next("router");
      return;
    }
    const path = join(folder, "assets", name);
    const plain = { "cache-control": FOR_EVER, "content-type": type, vary: "accept-encoding" };
    const sendPlain = (): void =>
      send(response, path, plain, (cause) => (isAbsent(cause) ? next("router") : next(cause)));
    if (!takesGzip(request)) return sendPlain();
    return send(response, `${path}.gz`, { ...plain, "content-encoding": "gzip" }, (cause) => {
      // A small file has no compressed copy.
      if (isAbsent(cause)) sendPlain();
      else next(cause);
    });
  };
}

function send(
  response: Response,
  path: string,
  headers: Readonly<Record<string, string>>,
  onFailure: (cause: Error) => void,
): void {
  setResponseHeaders(response);
  response.sendFile(path, { cacheControl: false, headers }, (cause) => {
    if (cause && !response.headersSent) onFailure(cause);
  });
}

function takesGzip(request: Request): boolean {
  return request.acceptsEncodings("gzip") === "gzip";
}

function isAbsent(cause: Error): boolean {
  return statusOf(cause) === 404;
}

function statusOf(cause: Error): number | undefined {
  return (cause as Error & { status?: number }).status;
}
