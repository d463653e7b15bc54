import type { ExpressionBuilder } from "kysely";
import type { Schema } from "./schema.ts";

/** A client that leaves is no failure of the gateway. */
export const CLIENT_LEFT = "client_closed";

export interface RequestFilter {
  /** A key's name or id. */
  readonly key?: string | undefined;
  readonly account?: string | undefined;
  readonly model?: string | undefined;
  readonly route?: string | undefined;
  readonly status?: number | undefined;
  readonly code?: string | undefined;
  readonly outcome?: "ok" | "failed" | undefined;
  /** Came at this time or later. */
  readonly from?: number | undefined;
  /** Came before this time. */
  readonly to?: number | undefined;
}

/** What the rows must fulfil, all of it. */
export function conditionsOf(where: ExpressionBuilder<Schema, "request">, filter: RequestFilter) {
  const { key, account, model, route, status, code, outcome, from, to } = filter;
  return [
    ...(key === undefined ? [] : [where.or([where("key_id", "=", key), where("key_name", "=", key)])]),
    ...(account === undefined ? [] : [where("account", "=", account)]),
    ...(model === undefined ? [] : [where("model", "=", model)]),
    ...(route === undefined ? [] : [where("route", "=", route)]),
    ...(status === undefined ? [] : [where("status", "=", status)]),
    ...(code === undefined ? [] : [where("code", "=", code)]),
    ...(outcome === "ok" ? [where("code", "is", null)] : []),
    ...(outcome === "failed" ? [where("code", "is not", null), where("code", "!=", CLIENT_LEFT)] : []),
    ...(from === undefined ? [] : [where("at", ">=", from)]),
    ...(to === undefined ? [] : [where("at", "<", to)]),
  ];
}
