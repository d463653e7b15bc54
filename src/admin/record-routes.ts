import type { RequestHandler } from "express";
import type { Operation, Route } from "../http/route.ts";
import { eventListSchema, eventQuery, listEvents } from "./events.ts";
import type { RecordReader } from "../records/records.ts";
import { listRequests, requestListSchema, requestQuery, requestSchema, showRequest } from "./requests.ts";
import { listUsage, usageListSchema, usageQuery } from "./usage.ts";

const QUERY_ERRORS = ["invalid_type", "invalid_value", "unknown_parameter", "records_unavailable"] as const;

/** The routes that show what was recorded. */
export function recordRoutes(records: RecordReader): Route[] {
  return [
    route("/admin/api/requests", listRequests(records), {
      summary: "List the requests that are over, the newest first",
      query: requestQuery,
      answer: requestListSchema,
      errors: QUERY_ERRORS,
    }),
    route("/admin/api/requests/:id", showRequest(records), {
      summary: "Show a request that is over",
      answer: requestSchema,
      errors: ["request_not_found", "records_unavailable"],
    }),
    route("/admin/api/usage", listUsage(records), {
      summary: "Sum up requests, tokens and times by minute, hour or day",
      query: usageQuery,
      answer: usageListSchema,
      errors: QUERY_ERRORS,
    }),
    route("/admin/api/events", listEvents(records), {
      summary: "List what happened to accounts and settings, the newest first",
      query: eventQuery,
      answer: eventListSchema,
      errors: QUERY_ERRORS,
    }),
  ];
}

function route(path: Route["path"], handler: RequestHandler, about: Omit<Operation, "tag">): Route {
  return { method: "GET", path, audience: "admin", operation: { tag: "Gateway", ...about }, handlers: [handler] };
}
