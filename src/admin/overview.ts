import { z } from "zod";
import type { AccountRow } from "../accounts/account-rows.ts";
import type { LastHour } from "../observe/last-hour.ts";
import type { LatestEvents, NumberedEvent } from "../records/latest-events.ts";
import { SHOWN_STATES, shownAccount, type ShownAccount } from "./account-schemas.ts";
import { queueSchema, shownQueue, type QueueStatus } from "./accounts.ts";
import { unixMs } from "./list.ts";

export const CHANGES_SHOWN = 20;

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

export type ShownEvent = z.infer<typeof eventSchema>;

const trafficSchema = z.object({
  requestsPerMinute: z.int(),
  failedPerMinute: z.int(),
  firstTokenMs: z
    .int()
    .nullable()
    .meta({ description: "The median of the last 15 minutes; of several replicas, the median of theirs." }),
  openPages: z.int(),
  maxOpenPages: z.int(),
});

const figure = z.int().nullable();

/** One of the gateways that share a database. */
export const replicaSchema = z
  .object({
    id: z.string(),
    version: z.string(),
    isAsked: z.boolean().meta({ description: "It is the one that answers this." }),
    state: z.enum(["serving", "draining", "fenced", "silent", "incompatible"]).meta({
      description:
        "`draining`: it ends soon. `fenced`: its database does not answer, so it sends nothing. `silent`: it does not answer. " +
        "`incompatible`: its version cannot be asked by the one that answers this.",
    }),
    accounts: figure.meta({
      description: "How many accounts it has; null while it is silent or incompatible, as the other figures.",
    }),
    openPages: figure,
    maxOpenPages: figure,
    waiting: figure.meta({ description: "How many requests that came to it wait for an account." }),
    heartbeatAgeMs: figure.meta({ description: "How long ago the database proved that its accounts are its own." }),
  })
  .meta({ id: "Replica" });

export type ShownReplica = z.infer<typeof replicaSchema>;

const allReplicas = z
  .array(replicaSchema)
  .optional()
  .meta({ description: "Only with DATABASE_URL: all replicas, the one that answers first." });

export const overviewSchema = z
  .object({
    at: unixMs,
    isServing: z.boolean(),
    reasons: z.array(z.string()).meta({ description: "Why no request can be answered." }),
    warnings: z.array(z.string()).meta({ description: "What to mend although requests are answered." }),
    accounts: z.object({ total: z.int(), byState: z.partialRecord(z.enum(SHOWN_STATES), z.int()) }),
    attention: z.array(attention).meta({ description: "The accounts that need a person." }),
    queue: queueSchema,
    traffic: trafficSchema,
    minutes: z
      .array(z.object({ at: unixMs, requests: z.int(), failed: z.int() }))
      .meta({ description: "The last 60 minutes, oldest first." }),
    changes: z.array(eventSchema).meta({ description: "What changed last, newest first." }),
    replicas: allReplicas,
  })
  .meta({ id: "Overview" });

export type Overview = z.infer<typeof overviewSchema>;

/** How the gateway does at the moment: all but what is counted by the minute, and events. */
export const nowSchema = overviewSchema.omit({ at: true, minutes: true, changes: true });

export type Now = z.infer<typeof nowSchema>;

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

/** Of this gateway alone. */
export function overviewOf(sources: OverviewSources): Overview {
  return {
    at: Date.now(),
    ...nowOf(sources),
    minutes: [...sources.lastHour.minutes],
    changes: sources.changes.list.slice(0, CHANGES_SHOWN).map(eventOf),
  };
}

export function nowOf(sources: OverviewSources): Now {
  const rows = sources.accounts.rows.map(shownAccount);
  const { ready: isServing, reasons, warnings = [] } = sources.readiness();
  return {
    isServing,
    reasons: [...reasons],
    warnings: [...warnings],
    ...countedStates(rows),
    attention: attentionFor(rows, sources.expiresSoonMs),
    queue: shownQueue(sources.queue()),
    traffic: trafficOf(sources),
  };
}

/** How many accounts there are, and in which states. */
export function countedStates(rows: readonly ShownAccount[]): Pick<Overview, "accounts"> {
  const byState = [...Map.groupBy(rows, ({ state }) => state)].map(([state, some]) => [state, some.length] as const);
  return { accounts: { total: rows.length, byState: Object.fromEntries(byState) } };
}

function trafficOf({ lastHour, openPages, maxOpenPages }: OverviewSources): z.infer<typeof trafficSchema> {
  const { requests, failed } = lastHour.perMinute;
  const firstTokenMs = lastHour.firstTokenMs ?? null;
  return { requestsPerMinute: requests, failedPerMinute: failed, firstTokenMs, openPages: openPages(), maxOpenPages };
}

/** An event as the list of events has it. Its id is not that of the list: it may not be stored yet. */
export function eventOf({ number, at, kind, account, actor, summary, before, after }: NumberedEvent): ShownEvent {
  return { id: `latest-${number}`, at, kind, account, actor, summary, before, after };
}

/** The accounts that need a person. `soonMs`: how long before a sign-in ends the operator is told; 0 never. */
export function attentionFor(rows: readonly ShownAccount[], soonMs: number): z.infer<typeof attention>[] {
  return rows.flatMap(({ id: account, state, reason, since, expiresAt }): z.infer<typeof attention>[] => {
    if (state === "expired" || state === "needs_attention") return [{ account, kind: state, reason, at: since }];
    if (state === "disabled" || expiresAt === null || soonMs === 0 || expiresAt - Date.now() > soonMs) return [];
    const told = "The site will sign it out; give it a new credential.";
    return [{ account, kind: "expires_soon", reason: told, at: expiresAt }];
  });
}
