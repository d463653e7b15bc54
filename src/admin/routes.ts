import type { Route } from "../http/route.ts";
import { accountRoutes } from "./account-routes.ts";
import { alertRoutes, type AlertParts } from "./alerts.ts";
import { bundleRoutes } from "./bundles.ts";
import { consoleRoutes, type ConsoleParts } from "./console-routes.ts";
import { keyRoutes } from "./key-routes.ts";
import type { KeyParts } from "./keys.ts";
import { localLooks, type LookParts, type Looks } from "./looks.ts";
import { liveViewRoutes, type LiveViewParts } from "./live-view.ts";
import { recordRoutes } from "./record-routes.ts";
import type { RecordReader } from "../records/records.ts";
import { sessionRoutes, type SessionParts } from "./session.ts";
import { serveMetrics, type MetricsText } from "./metrics.ts";

export type AdminParts = AlertParts &
  LookParts &
  Omit<ConsoleParts, "looks"> &
  KeyParts &
  LiveViewParts &
  SessionParts & {
    readonly metrics: MetricsText;
    readonly records: RecordReader;
    /** Of all replicas; of this gateway alone unless given. */
    readonly looks?: Looks | undefined;
  };

/** The operator's routes. */
export function adminRoutes({ metrics, ...given }: AdminParts): Route[] {
  const parts = { ...given, looks: given.looks ?? localLooks(given) };
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
