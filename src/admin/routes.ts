import type { Route } from "../http/route.ts";
import { accountRoutes, type AccountRouteParts } from "./account-routes.ts";
import { alertRoutes, type AlertParts } from "./alerts.ts";
import { bundleRoutes, type BundleParts } from "./bundles.ts";
import { consoleRoutes, type ConsoleParts } from "./console-routes.ts";
import { keyRoutes } from "./key-routes.ts";
import type { KeyParts } from "./keys.ts";
import { liveViewRoutes, type LiveViewParts } from "./live-view.ts";
import { recordRoutes } from "./record-routes.ts";
import type { RecordReader } from "../records/records.ts";
import { sessionRoutes, type SessionParts } from "./session.ts";
import { serveMetrics, type MetricsText } from "./metrics.ts";

export type AdminParts = AccountRouteParts &
  AlertParts &
  BundleParts &
  ConsoleParts &
  KeyParts &
  LiveViewParts &
  SessionParts & { readonly metrics: MetricsText; readonly records: RecordReader };

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
    ...accountRoutes(parts),
    ...alertRoutes(parts),
    ...bundleRoutes(parts),
    ...consoleRoutes(parts),
    ...keyRoutes(parts),
    ...liveViewRoutes(parts),
    ...sessionRoutes(parts),
    ...recordRoutes(parts.records),
  ];
}
