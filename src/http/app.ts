import express, { Router, type Express, type RequestHandler } from "express";
import { GatewayError } from "../errors.ts";
import { warmTokenizer } from "../turn/tokens.ts";
import { CALLER_AUDIENCES, EXACT_AUDIENCES, guardsOf, type AccessParts } from "./audiences.ts";
import { cors } from "./cors.ts";
import { answerError } from "./error-handler.ts";
import { requestContextOf } from "./request-context.ts";
import { refuseTwoHosts } from "./host-check.ts";
import { normalizeUrl } from "./normalize-url.ts";
import type { RequestSink } from "../observe/request-record.ts";
import { recordRequests } from "./record-requests.ts";
import { refuseAction, UNSERVED_ACTIONS } from "./stored-responses.ts";
import { nameOf, shownPath, type Audience, type Route } from "./route.ts";

export interface AppParts extends AccessParts {
  readonly routes: readonly Route[];
  /** They learn of each request that is over. */
  readonly sinks: readonly RequestSink[];
  /** The origins whose pages may call; `*` is all. */
  readonly corsOrigins: readonly string[];
}

/** The HTTP server's request handler: a router for each audience, then the error answers. */
export function createApp({ routes, sinks, corsOrigins, ...access }: AppParts): Express {
  const guards = guardsOf(access);
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.use(recordRequests(sinks), refuseTwoHosts);
  const exact = Router({ caseSensitive: true, strict: true });
  addRoutes(exact, routesFor(EXACT_AUDIENCES, routes), { guards });
  app.use(onlyPlainPaths(exact), cors(corsOrigins), normalizeUrl(routes));
  const callers = Router().post([...UNSERVED_ACTIONS], refuseAction);
  // `cors` answers OPTIONS before.
  addRoutes(callers, routesFor(CALLER_AUDIENCES, routes), { guards, alsoAllowed: ["OPTIONS"] });
  app.use(callers);
  app.use(refuseUrl(routes), answerError);
  // If it fails, the first request that counts tokens fails again, with an error that names the cause.
  warmTokenizer().catch(() => undefined);
  return app;
}

const REGISTRARS = { GET: "get", POST: "post", PATCH: "patch", DELETE: "delete" } as const;

interface RouterRules {
  readonly guards: ReturnType<typeof guardsOf>;
  /** Methods that are answered before the router. */
  readonly alsoAllowed?: readonly string[];
}

function addRoutes(router: Router, routes: readonly Route[], { guards, alsoAllowed = [] }: RouterRules): void {
  for (const route of routes) {
    const form = route.errorForm ? [failIn(route.errorForm)] : [];
    router[REGISTRARS[route.method]](
      matchedPath(route),
      named(shownPath(route)),
      ...form,
      ...guards[route.audience],
      ...route.handlers,
    );
  }
  for (const [path, alike] of Map.groupBy(routes, matchedPath)) {
    // Express answers HEAD where GET is served.
    const methods = alike.flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method]));
    router.all(path, refuseMethod([...methods, ...alsoAllowed].join(", ")));
  }
}

function routesFor(audiences: readonly Audience[], routes: readonly Route[]): Route[] {
  return routes.filter((route) => audiences.includes(route.audience));
}

/** `normalizeUrl` took `/v1` away. */
function matchedPath({ audience, path }: Route): string {
  return audience === "api" ? path.replace(/^\/v1/, "") : path;
}

function named(route: string): RequestHandler {
  return (_request, response, next) => {
    requestContextOf(response).route = route;
    next();
  };
}

function failIn({ errorBody, requestIdHeader, rateLimitHeaders }: NonNullable<Route["errorForm"]>): RequestHandler {
  return (_request, response, next) => {
    const context = requestContextOf(response);
    context.errorBody = errorBody;
    if (rateLimitHeaders) context.rateLimitHeaders = rateLimitHeaders;
    if (requestIdHeader !== undefined) response.setHeader(requestIdHeader, context.id);
    next();
  };
}

/** Skips the router for a whole URL and for a URL with a fragment: Express would match the path inside it. */
function onlyPlainPaths(router: Router): RequestHandler {
  return (request, response, next) => {
    if (/^\/[^#]*$/.test(request.url)) router(request, response, next);
    else next();
  };
}

function refuseMethod(allowed: string): RequestHandler {
  return (request, response) => {
    response.setHeader("allow", allowed);
    const where = `${request.method} ${withoutQuery(request.originalUrl)}`;
    throw new GatewayError("method_not_allowed", `Method not allowed (${where}). Allowed: ${allowed}.`);
  };
}

function refuseUrl(routes: readonly Route[]): RequestHandler {
  const served = routes.map(nameOf).join(", ");
  return (request) => {
    const where = `${request.method} ${withoutQuery(request.originalUrl)}`;
    throw new GatewayError("unknown_url", `Invalid URL (${where}). This gateway serves: ${served}.`);
  };
}

/** The query may hold a secret. */
function withoutQuery(url: string): string {
  return (url.split("?")[0] ?? "").slice(0, 128);
}
