import type { Route } from "../http/route.ts";
import { accountListSchema, listAccounts, type AccountSources } from "./accounts.ts";
import { keyRoutes } from "./key-routes.ts";
import type { KeyParts } from "./keys.ts";
import { sessionRoutes, type SessionParts } from "./session.ts";
import { serveMetrics, type MetricsText } from "./metrics.ts";

export interface AdminParts extends AccountSources, KeyParts, SessionParts {
  readonly metrics: MetricsText;
}

/** The operator's routes. */
export function adminRoutes({ metrics, ...parts }: AdminParts): Route[] {
  return [
    {
      method: "GET",
      path: "/metrics",
      audience: "metrics",
      operation: { tag: "Gateway", summary: "Measure for Prometheus", answerType: "text/plain" },
      handlers: [serveMetrics(metrics)],
    },
    {
      method: "GET",
      path: "/admin/api/accounts",
      audience: "admin",
      operation: {
        tag: "Gateway",
        summary: "List the accounts, with why each is in its state",
        answer: accountListSchema,
      },
      handlers: [listAccounts(parts)],
    },
    ...keyRoutes(parts),
    ...sessionRoutes(parts),
  ];
}
