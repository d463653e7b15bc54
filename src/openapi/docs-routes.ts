import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { RequestHandler } from "express";
import { setResponseHeaders } from "../http/respond.ts";
import type { Route } from "../http/route.ts";

const SWAGGER_UI = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
const FILES: ReadonlyMap<string, string> = new Map([
  ["swagger-ui.css", join(SWAGGER_UI, "swagger-ui.css")],
  ["swagger-ui-bundle.js", join(SWAGGER_UI, "swagger-ui-bundle.js")],
  ["docs-page.css", join(import.meta.dirname, "docs-page.css")],
  ["docs-page.js", join(import.meta.dirname, "docs-page.js")],
]);

/** The description to read and to try: Swagger UI, served by the gateway itself. */
export function docsRoutes(): Route[] {
  return [
    {
      method: "GET",
      path: "/docs",
      audience: "docs",
      operation: { tag: "Gateway", summary: "This description to read and to try", answerType: "text/html" },
      handlers: [sendFile(() => join(import.meta.dirname, "docs-page.html"))],
    },
    {
      method: "GET",
      path: "/docs/:file",
      audience: "docs",
      operation: {
        tag: "Gateway",
        summary: "Styles and scripts of /docs",
        answerType: "text/javascript",
        errors: ["unknown_url"],
      },
      handlers: [sendFile(({ params }) => FILES.get(String(params["file"])))],
    },
  ];
}

function sendFile(pathOf: (request: Parameters<RequestHandler>[0]) => string | undefined): RequestHandler {
  return (request, response, next) => {
    const path = pathOf(request);
    if (path === undefined) {
      next("router");
      return;
    }
    setResponseHeaders(response);
    response.sendFile(path, { cacheControl: false, headers: { "cache-control": "no-cache" } }, (cause) => {
      if (cause) next(cause);
    });
  };
}
