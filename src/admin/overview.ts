import type { RequestHandler } from "express";
import { z } from "zod";
import type { AccountRow } from "../accounts/account-rows.ts";
import { sendJson } from "../http/respond.ts";
import type { LastHour } from "../observe/last-hour.ts";
import type { LatestEvents, NumberedEvent } from "../records/latest-events.ts";
import { ACCOUNT_STATES } from "../pool/account-state.ts";
import { queueSchema, shownQueue, type QueueStatus } from "./accounts.ts";
import { unixMs } from "./list.ts";

const CHANGES_SHOWN = 20;

const attention = z.object({
  account: z.string(),
  kind: z.enum(["expired", "needs_attention", "expires_soon"]),
  reason: z.string(),
  at: unixMs.meta({ description: "Since when, or when the sign-in ends." }),
});

const changed = z.unknown().meta({ description: "A JSON value without secrets, or null." });

export const eventSchema = z
  .object({
    id: z.string(),
    at: unixMs,
    kind: z.string(),
    account: z.string().nullable(),
    actor: z.string().nullable(),
    summary: z.string(),
    before: changed,
    after: changed,
  })
  .meta({ id: "Event" });

export const trafficSchema = z.object({
  requestsPerMinute: z.int(),
  failedPerMinute: z.int(),
  firstTokenMs: z.int().nullable().meta({ description: "The median of the last 15 minutes." }),
  openPages: z.int(),
  maxOpenPages: z.int(),
});

export const overviewSchema = z
  .object({
    at: unixMs,
    isServing: z.boolean(),
    reasons: z.array(z.string()).meta({ description: "Why no request can be answered." }),
    warnings: z.array(z.string()).meta({ description: "What to mend although requests are answered." }),
    accounts: z.object({ total: z.int(), byState: z.partialRecord(z.enum(ACCOUNT_STATES), z.int()) }),
    attention: z.array(attention).meta({ description: "The accounts that need a person." }),
    queue: queueSchema,
    traffic: trafficSchema,
    minutes: z
      .array(z.object({ at: unixMs, requests: z.int(), failed: z.int() }))
      .meta({ description: "The last 60 minutes, oldest first." }),
    changes: z.array(eventSchema).meta({ description: "What changed last, newest first." }),
  })
  .meta({ id: "Overview" });

export interface OverviewSources {
  readonly accounts: { readonly rows: readonly AccountRow[] };
  readonly changes: Pick<LatestEvents, "list" | "subscribe">;
  readonly queue: () => QueueStatus;
  readonly readiness: () => {
    readonly ready: boolean;
    readonly reasons: readonly string[];
    readonly warnings?: readonly string[];
  };
  readonly lastHour: Pick<LastHour, "perMinute" | "firstTokenMs" | "minutes">;
  /** How long before a sign-in ends the operator is told; 0 never. */
  readonly expiresSoonMs: number;
  readonly openPages: () => number;
  readonly maxOpenPages: number;
}

/** `GET /admin/api/overview` */
export function showOverview(sources: OverviewSources): RequestHandler {
  return (_request, response) => sendJson(response, 200, overviewOf(sources));
}

export function overviewOf(sources: OverviewSources): z.infer<typeof overviewSchema> {
  const { rows } = sources.accounts;
  const { ready, reasons, warnings = [] } = sources.readiness();
  const byState = Map.groupBy(rows, ({ state }) => state);
  return {
    at: Date.now(),
    isServing: ready,
    reasons: [...reasons],
    warnings: [...warnings],
    accounts: {
      total: rows.length,
      byState: Object.fromEntries([...byState].map(([state, some]) => [state, some.length])),
    },
    attention: rows.flatMap((row) => attentionFor(row, sources.expiresSoonMs)),
    queue: shownQueue(sources.queue()),
    traffic: trafficOf(sources),
    minutes: [...sources.lastHour.minutes],
    changes: sources.changes.list.slice(0, CHANGES_SHOWN).map(eventOf),
  };
}

export function trafficOf({ lastHour, openPages, maxOpenPages }: OverviewSources): z.infer<typeof trafficSchema> {
  const { requests, failed } = lastHour.perMinute;
  const firstTokenMs = lastHour.firstTokenMs ?? null;
  return { requestsPerMinute: requests, failedPerMinute: failed, firstTokenMs, openPages: openPages(), maxOpenPages };
}

/** An event as the list of events has it. Its id is not that of the list: it may not be stored yet. */
export function eventOf({
  number,
  at,
  kind,
  account,
  actor,
  summary,
  before,
  after,
}: NumberedEvent): z.infer<typeof eventSchema> {
  return { id: `latest-${number}`, at, kind, account, actor, summary, before, after };
}

function attentionFor(
  { id: account, state, reason, since, expiresAt }: AccountRow,
  soonMs: number,
): z.infer<typeof attention>[] {
  if (state === "expired" || state === "needs_attention") return [{ account, kind: state, reason, at: since }];
  if (state === "disabled" || expiresAt === undefined || soonMs === 0 || expiresAt - Date.now() > soonMs) return [];
  return [
    { account, kind: "expires_soon", reason: "The site will sign it out; give it a new credential.", at: expiresAt },
  ];
}
