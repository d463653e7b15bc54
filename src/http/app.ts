import express, { Router, type Express, type RequestHandler } from "express";
import { GatewayError } from "../errors.ts";
import { warmTokenizer } from "../turn/tokens.ts";
import { cors } from "./cors.ts";
import { answerError } from "./error-handler.ts";
import { requestContextOf } from "./request-context.ts";
import { refuseTwoHosts } from "./host-check.ts";
import { normalizeUrl } from "./normalize-url.ts";
import type { RequestSink } from "../observe/request-record.ts";
import { recordRequests } from "./record-requests.ts";
import { refuseAction, UNSERVED_ACTIONS } from "./stored-responses.ts";
import { namesOf, routesOf, type Route, type RouteParts } from "./routes.ts";

export interface AppParts extends RouteParts {
  /** They learn of each request that is over. */
  readonly sinks: readonly RequestSink[];
  /** Origins whose pages may call; `*` is all. */
  readonly corsOrigins: readonly string[];
}

/** The HTTP face: a router for each audience, limits, error answers. It is not listening yet. */
export function createApp(parts: AppParts): Express {
  const { callers, operators } = routesOf(parts);
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.use(
    recordRequests(parts.sinks),
    refuseTwoHosts,
    onlyPlainPaths(routerOf(operators, Router({ caseSensitive: true, strict: true }))),
    cors(parts.corsOrigins),
    normalizeUrl,
    routerOf(callers, Router().post([...UNSERVED_ACTIONS], refuseAction), ["OPTIONS"]),
    refuseUrl([...callers, ...operators]),
    answerError,
  );
  // A failure to load it shows again, typed, in the first request that counts.
  warmTokenizer().catch(() => undefined);
  return app;
}

const REGISTRARS = { GET: "get", POST: "post", DELETE: "delete" } as const;

/** `further` are methods that were answered before. */
function routerOf(routes: readonly Route[], router: Router, further: readonly string[] = []): Router {
  for (const { method, path, name, handlers } of routes) {
    const named: RequestHandler = (_request, response, next) => {
      requestContextOf(response).route = name;
      next();
    };
    router[REGISTRARS[method]](path, named, ...handlers);
  }
  for (const [path, alike] of Map.groupBy(routes, (route) => route.path)) {
    // Express answers HEAD wherever GET is served.
    const methods = alike.flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method]));
    router.all(path, refuseMethod([...methods, ...further].join(", ")));
  }
  return router;
}

/** Keeps from a router what express would read a path out of: a whole URL, and one with a fragment. */
function onlyPlainPaths(router: Router): RequestHandler {
  return (request, response, next) => {
    if (/^\/[^#]*$/.test(request.url)) router(request, response, next);
    else next();
  };
}

function refuseMethod(allowed: string): RequestHandler {
  return (request, response) => {
    response.setHeader("allow", allowed);
    const where = `${request.method} ${shownPath(request.originalUrl)}`;
    throw new GatewayError("method_not_allowed", `Method not allowed (${where}). Allowed: ${allowed}.`);
  };
}

function refuseUrl(routes: readonly Route[]): RequestHandler {
  const served = namesOf(routes).join(", ");
  return (request) => {
    const where = `${request.method} ${shownPath(request.originalUrl)}`;
    throw new GatewayError("unknown_url", `Invalid URL (${where}). This gateway serves: ${served}.`);
  };
}

/** Without the query, which may hold a secret. */
function shownPath(url: string): string {
  return (url.split("?")[0] ?? "").slice(0, 128);
}
