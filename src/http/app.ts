import express, { type ErrorRequestHandler, type Express, type RequestHandler } from "express";
import { GatewayError } from "../errors.ts";
import { warmTokenizer } from "../turn/tokens.ts";
import { anthropicMessages, countMessageTokens, failAsAnthropic } from "./anthropic-messages.ts";
import { listAccounts, tellMetrics, type AccountStatus, type MetricsText, type QueueStatus } from "./admin.ts";
import { sendError, sendJson } from "./answer.ts";
import { requireKey, type NamedKey } from "./auth.ts";
import { readBody, type BodyLimits } from "./body.ts";
import { chatCompletions } from "./chat-completions.ts";
import { completions } from "./completions.ts";
import { cors } from "./cors.ts";
import { docsPage } from "./docs-page.ts";
import { exchangeOf } from "./exchange.ts";
import { listModels, retrieveModel } from "./models.ts";
import { describeApi } from "./openapi.ts";
import { logRequests, type EdgeLog, type RequestDone } from "./request-log.ts";
import { refuseAction, responses, UNSERVED_ACTIONS } from "./responses.ts";
import type { TurnLimits, TurnParts } from "./turn.ts";

export interface AppParts extends TurnParts {
  /** One of them callers must show; everybody who has one may do everything, and finds what was made with it only. */
  readonly apiKeys: readonly NamedKey[];
  /** Opens what is the operator's, and nothing else. */
  readonly adminKey: string;
  readonly readiness: () => Readiness;
  readonly accounts: () => readonly AccountStatus[];
  readonly queue: () => QueueStatus;
  readonly metrics: MetricsText & { done(request: RequestDone): void };
  readonly log: EdgeLog;
  readonly limits: TurnLimits & BodyLimits;
  /** Origins whose pages may call; `*` is all. */
  readonly corsOrigins: readonly string[];
}

interface Readiness {
  readonly ready: boolean;
  /** Why not. */
  readonly reasons: readonly string[];
}

interface Route {
  readonly method: "GET" | "POST" | "DELETE";
  /** As express matches it, after folding. */
  readonly path: string;
  /** As callers know it. */
  readonly name: string;
  readonly handlers: readonly RequestHandler[];
}

/** The HTTP face: routes, key check, limits, error answers. It is not listening yet. */
export function createApp(parts: AppParts): Express {
  const routes = routesOf(parts);
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.use(
    logRequests(parts.log, (request) => parts.metrics.done(request)),
    cors(parts.corsOrigins),
    foldUrl,
  );
  for (const { method, path, name, handlers } of routes) {
    const named: RequestHandler = (_request, response, next) => {
      exchangeOf(response).route = name;
      next();
    };
    app[REGISTRARS[method]](path, named, ...handlers);
  }
  app.post([...UNSERVED_ACTIONS], refuseAction);
  for (const [path, alike] of Map.groupBy(routes, (route) => route.path)) {
    // Express answers HEAD wherever GET is served.
    const methods = alike.flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method]));
    app.all(path, refuseMethod([...methods, "OPTIONS"].join(", ")));
  }
  app.use(refuseUrl(routes), answerError);
  // A failure to load it shows again, typed, in the first request that counts.
  warmTokenizer().catch(() => undefined);
  return app;
}

const REGISTRARS = { GET: "get", POST: "post", DELETE: "delete" } as const;

const live: RequestHandler = (_request, response) => sendJson(response, 200, { status: "ok" });

function routesOf(parts: AppParts): readonly Route[] {
  const named = [...callersRoutes(parts), ...operatorsRoutes(parts), ...everybodysRoutes(parts)];
  const root: RequestHandler = (_request, response) => {
    sendJson(response, 200, { name: "gptomni-gateway", baseUrlPath: "/v1", routes: namesOf(named) });
  };
  return [...named, { method: "GET", path: "/", name: "/", handlers: [root] }];
}

function callersRoutes(parts: AppParts): readonly Route[] {
  const { models } = parts;
  const keyed = requireKey(parts.apiKeys);
  const read = readBody(parts.limits);
  const { create, retrieve, remove, listInput } = responses(parts);
  return [
    {
      method: "POST",
      path: "/chat/completions",
      name: "/v1/chat/completions",
      handlers: [keyed, ...read, chatCompletions(parts)],
    },
    {
      method: "POST",
      path: "/completions",
      name: "/v1/completions",
      handlers: [keyed, ...read, completions(parts)],
    },
    {
      method: "POST",
      path: "/responses",
      name: "/v1/responses",
      handlers: [keyed, ...read, create],
    },
    { method: "GET", path: "/responses/:id", name: "/v1/responses/{id}", handlers: [keyed, retrieve] },
    { method: "DELETE", path: "/responses/:id", name: "/v1/responses/{id}", handlers: [keyed, remove] },
    {
      method: "GET",
      path: "/responses/:id/input_items",
      name: "/v1/responses/{id}/input_items",
      handlers: [keyed, listInput],
    },
    {
      method: "POST",
      path: "/messages",
      name: "/v1/messages",
      handlers: [failAsAnthropic, keyed, ...read, anthropicMessages(parts)],
    },
    {
      method: "POST",
      path: "/messages/count_tokens",
      name: "/v1/messages/count_tokens",
      handlers: [failAsAnthropic, keyed, ...read, countMessageTokens(parts)],
    },
    { method: "GET", path: "/models", name: "/v1/models", handlers: [keyed, listModels(models)] },
    { method: "GET", path: "/models/*id", name: "/v1/models/{id}", handlers: [keyed, retrieveModel(models)] },
  ];
}

function operatorsRoutes({ adminKey, accounts, queue, metrics }: AppParts): readonly Route[] {
  const keyed = requireKey([{ name: "admin", value: adminKey }]);
  const list = listAccounts({ accounts, queue });
  return [
    { method: "GET", path: "/metrics", name: "/metrics", handlers: [keyed, tellMetrics(metrics)] },
    { method: "GET", path: "/admin/api/credentials", name: "/admin/api/credentials", handlers: [keyed, list] },
  ];
}

function everybodysRoutes({ readiness }: AppParts): readonly Route[] {
  const ready: RequestHandler = (_request, response) => {
    const { ready: isReady, reasons } = readiness();
    sendJson(response, isReady ? 200 : 503, { status: isReady ? "ready" : "not ready", reasons });
  };
  return [
    { method: "GET", path: "/livez", name: "/livez", handlers: [live] },
    { method: "GET", path: "/healthz", name: "/healthz", handlers: [live] },
    { method: "GET", path: "/readyz", name: "/readyz", handlers: [ready] },
    { method: "GET", path: "/openapi.json", name: "/openapi.json", handlers: [describeApi()] },
    { method: "GET", path: "/docs", name: "/docs", handlers: [docsPage()] },
  ];
}

/** An endpoint that was typed as the base URL, so that the client's own path follows it. */
const ENDPOINT_AS_BASE =
  /^(?:\/(?:chat\/completions|completions|responses|messages)(?:\/v1)*(?=\/(?:chat\/completions|completions|responses|messages|models)(?:\/|$)))+/i;

/** Users type base URLs with and without `/v1`, doubled, or with a slash too many: all of them mean the same. */
const foldUrl: RequestHandler = (request, _response, next) => {
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

function namesOf(routes: readonly Route[]): string[] {
  return routes.map(({ method, name }) => `${method} ${name}`);
}

/** Without the query, which may hold a secret. */
function shownPath(url: string): string {
  return (url.split("?")[0] ?? "").slice(0, 128);
}

// Express knows an error handler by its four parameters.
const answerError: ErrorRequestHandler = (cause: unknown, _request, response, _next) => {
  sendError(response, toGatewayError(cause));
  if (!response.writableEnded) response.destroy();
};

/** Express and its body reader fail with errors that carry a status. */
function toGatewayError(cause: unknown): GatewayError {
  if (cause instanceof GatewayError || typeof cause !== "object" || cause === null) return GatewayError.from(cause);
  const type: unknown = Reflect.get(cause, "type");
  const status: unknown = Reflect.get(cause, "status");
  if (type === "request.aborted") return new GatewayError("client_closed", "The client closed the connection.");
  if (status === 413) {
    const limit: unknown = Reflect.get(cause, "limit");
    return new GatewayError("request_too_large", `The request body is larger than ${String(limit)} bytes.`, { cause });
  }
  if (status === 415) {
    const message = "Unsupported content encoding: send the body plain, or as gzip, deflate, br or zstd.";
    return new GatewayError("unsupported_content_type", message, { cause });
  }
  if (typeof status === "number" && status >= 400 && status < 500) {
    return new GatewayError("bad_request", "The request could not be read.", { cause });
  }
  return GatewayError.from(cause);
}
