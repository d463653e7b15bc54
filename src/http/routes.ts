import type { RequestHandler } from "express";
import { messages } from "../dialects/anthropic/dialect.ts";
import { chatCompletions } from "../dialects/openai/chat/dialect.ts";
import { completions } from "../dialects/openai/completions/dialect.ts";
import { responses } from "../dialects/openai/responses/dialect.ts";
import { ResponseStore } from "../dialects/openai/responses/response-store.ts";
import {
  listAccounts,
  tellMetrics,
  type AccountStatus,
  type MetricsText,
  type QueueStatus,
} from "../admin/accounts.ts";
import { sendJson } from "./respond.ts";
import { ConfiguredKeys, type ApiKeys, type NamedKey } from "./api-keys.ts";
import { requireKey } from "./auth.ts";
import { readBody, type BodyLimits } from "./body.ts";
import { countMessageTokens } from "./count-tokens.ts";
import { docsPage } from "../openapi/docs-page.ts";
import { requireKnownHost } from "./host-check.ts";
import { KeyBrake } from "./key-brake.ts";
import { listModels, retrieveModel } from "./models.ts";
import { describeApi } from "../openapi/document.ts";
import { failIn, serveModel, type ModelRequestLimits, type ModelRequestParts } from "./model-request.ts";
import { storedResponses } from "./stored-responses.ts";

export interface RouteParts extends ModelRequestParts {
  /** Callers need one of these. Each key has full access; stored responses are visible to the key that made them. */
  readonly apiKeys: ApiKeys;
  /** Opens what is the operator's, and nothing else. */
  readonly adminKey: string;
  /** Opens the metrics, and nothing else. */
  readonly metricsKey: string | undefined;
  /** The names under which the operator's routes and the description are served, besides this machine's own. */
  readonly allowedHosts: readonly string[];
  readonly readiness: () => Readiness;
  /** Why the process cannot go on by itself; undefined while it can. */
  readonly giveUpReason: () => string | undefined;
  readonly accounts: () => readonly AccountStatus[];
  readonly queue: () => QueueStatus;
  readonly metrics: MetricsText;
  readonly limits: ModelRequestLimits & BodyLimits;
}

interface Readiness {
  readonly ready: boolean;
  /** Why not. */
  readonly reasons: readonly string[];
  /** What needs an operator, though requests are answered. */
  readonly warnings?: readonly string[];
}

export interface Route {
  readonly method: "GET" | "POST" | "DELETE";
  /** As express matches it; for callers, after the URL was normalised. */
  readonly path: string;
  /** As the log, the metrics and the description name it. */
  readonly name: string;
  readonly handlers: readonly RequestHandler[];
}

/** Who a route is for decides how it is found, and who may ask. */
export interface Routes {
  /** Callers': from any web page that CORS_ORIGINS allows, with or without `/v1`, in any case. */
  readonly callers: readonly Route[];
  /** The operator's and the description: under their exact path, on a known host, from no other web page. */
  readonly operators: readonly Route[];
}

export function routesOf(parts: RouteParts): Routes {
  const brake = new KeyBrake();
  const operators = operatorsRoutes(parts, brake);
  const callers = [...callersRoutes(parts, brake), ...probes(parts)];
  const root: RequestHandler = (_request, response) => {
    sendJson(response, 200, {
      name: "gptomni-gateway",
      baseUrlPath: "/v1",
      routes: namesOf([...callers, ...operators]),
    });
  };
  return { callers: [...callers, { method: "GET", path: "/", name: "/", handlers: [root] }], operators };
}

export function namesOf(routes: readonly Route[]): string[] {
  return routes.map(({ method, name }) => `${method} ${name}`);
}

function callersRoutes(parts: RouteParts, brake: KeyBrake): readonly Route[] {
  const { models } = parts;
  const keyed = requireKey(parts.apiKeys, brake);
  const read = readBody(parts.limits, parts.apiKeys.size);
  const store = new ResponseStore();
  const { retrieve, remove, listInput } = storedResponses(store);
  return [
    {
      method: "POST",
      path: "/chat/completions",
      name: "/v1/chat/completions",
      handlers: [keyed, ...read, serveModel(parts, chatCompletions)],
    },
    {
      method: "POST",
      path: "/completions",
      name: "/v1/completions",
      handlers: [keyed, ...read, serveModel(parts, completions)],
    },
    {
      method: "POST",
      path: "/responses",
      name: "/v1/responses",
      handlers: [keyed, ...read, serveModel(parts, responses(store))],
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
      handlers: [failIn(messages), keyed, ...read, serveModel(parts, messages)],
    },
    {
      method: "POST",
      path: "/messages/count_tokens",
      name: "/v1/messages/count_tokens",
      handlers: [failIn(messages), keyed, ...read, countMessageTokens(parts)],
    },
    { method: "GET", path: "/models", name: "/v1/models", handlers: [keyed, listModels(models)] },
    { method: "GET", path: "/models/*id", name: "/v1/models/{id}", handlers: [keyed, retrieveModel(models)] },
  ];
}

function operatorsRoutes(parts: RouteParts, brake: KeyBrake): readonly Route[] {
  const { adminKey, metricsKey, accounts, queue, metrics, allowedHosts } = parts;
  const known = requireKnownHost(allowedHosts);
  const admin: NamedKey = { name: "admin", value: adminKey };
  const scraper: readonly NamedKey[] = metricsKey === undefined ? [] : [{ name: "metrics", value: metricsKey }];
  const route = (path: string, ...handlers: RequestHandler[]): Route => {
    return { method: "GET", path, name: path, handlers: [known, ...handlers] };
  };
  return [
    route("/metrics", requireKey(new ConfiguredKeys([admin, ...scraper]), brake), tellMetrics(metrics)),
    route("/admin/api/accounts", requireKey(new ConfiguredKeys([admin]), brake), listAccounts({ accounts, queue })),
    route("/openapi.json", describeApi()),
    route("/docs", docsPage()),
  ];
}

/** Open to everybody. */
function probes({ readiness, giveUpReason }: RouteParts): readonly Route[] {
  const live: RequestHandler = (_request, response) => {
    const reason = giveUpReason();
    if (reason === undefined) sendJson(response, 200, { status: "ok" });
    else sendJson(response, 503, { status: "failed", reasons: [reason] });
  };
  const ready: RequestHandler = (_request, response) => {
    const { ready: isReady, reasons, warnings = [] } = readiness();
    sendJson(response, isReady ? 200 : 503, { status: isReady ? "ready" : "not ready", reasons, warnings });
  };
  return [
    { method: "GET", path: "/livez", name: "/livez", handlers: [live] },
    { method: "GET", path: "/healthz", name: "/healthz", handlers: [live] },
    { method: "GET", path: "/readyz", name: "/readyz", handlers: [ready] },
  ];
}
