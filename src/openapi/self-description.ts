import { z } from "zod";
import { sendJson } from "../http/respond.ts";
import { nameOf, type Route } from "../http/route.ts";
import { docsRoutes } from "./docs-routes.ts";
import { openApiDocument } from "./document.ts";

const welcome = z
  .object({ name: z.string(), baseUrlPath: z.string(), routes: z.array(z.string()) })
  .meta({ id: "Welcome" });

/** The routes, and those that describe all of them. */
export function withSelfDescription(served: readonly Route[]): readonly Route[] {
  const routes: readonly Route[] = [
    ...served,
    ...docsRoutes(),
    {
      method: "GET",
      path: "/openapi.json",
      audience: "docs",
      operation: { tag: "Gateway", summary: "This description", answer: z.record(z.string(), z.unknown()) },
      handlers: [(_request, response) => sendJson(response, 200, (document ??= openApiDocument(routes)))],
    },
    {
      method: "GET",
      path: "/",
      audience: "public",
      operation: { tag: "Gateway", summary: "Name what is served", answer: welcome },
      handlers: [(_request, response) => sendJson(response, 200, { ...WELCOME, routes: names })],
    },
  ];
  const names = routes.filter(({ path }) => path !== "/").map(nameOf);
  // Made when it is first asked for: that takes as long as many requests do, and most gateways are never asked.
  let document: object | undefined;
  return routes;
}

const WELCOME = { name: "gptomni-gateway", baseUrlPath: "/v1" };
