import type { ShownAccount } from "../admin/account-schemas.ts";
import { attentionFor, CHANGES_SHOWN, countedStates } from "../admin/overview.ts";
import type { Now, Overview, ShownEvent, ShownReplica } from "../admin/overview.ts";
import { MAX_LISTED, type QueueDetail } from "../admin/queue.ts";
import type { ReplicaLook } from "./asks.ts";
import type { KnownLook } from "./known-looks.ts";

export interface OverviewParts {
  readonly own: ReplicaLook;
  readonly others: readonly KnownLook[];
  /** All accounts, from wherever they are. */
  readonly accounts: readonly ShownAccount[];
  /** How long before a sign-in ends the operator is told; 0 never. */
  readonly expiresSoonMs: number;
}

/** How all replicas do together. */
export function mergedOverview(parts: OverviewParts): Overview {
  const looks = answering(parts.own, parts.others);
  const minutes = new Map<number, Overview["minutes"][number]>();
  for (const { at, requests, failed } of looks.flatMap(({ overview }) => overview.minutes)) {
    const minute = minutes.get(at) ?? { at, requests: 0, failed: 0 };
    minutes.set(at, { at, requests: minute.requests + requests, failed: minute.failed + failed });
  }
  return {
    at: Date.now(),
    ...mergedNow(parts),
    minutes: [...minutes.values()].toSorted((one, other) => one.at - other.at).slice(-60),
    changes: mergedChanges(looks).slice(0, CHANGES_SHOWN),
  };
}

/** How all replicas together do at the moment. */
export function mergedNow(parts: OverviewParts): Now {
  const { own, others, accounts, expiresSoonMs } = parts;
  const looks = answering(own, others).map(({ overview }) => overview);
  const isServing = looks.some((one) => one.isServing);
  const waits = looks.flatMap(({ queue }) => queue.estimatedWaitMs ?? []);
  return {
    isServing,
    reasons: isServing ? [] : [...new Set(looks.flatMap(({ reasons }) => reasons))],
    warnings: warningsOf(parts),
    ...countedStates(accounts),
    attention: attentionFor(accounts, expiresSoonMs),
    queue: {
      length: sum(looks.map(({ queue }) => queue.length)),
      // The replica that knows of the most requests before it.
      estimatedWaitMs: waits.length > 0 ? Math.max(...waits) : null,
    },
    traffic: mergedTraffic(looks),
    replicas: [shownReplica(own, { isAsked: true }), ...others.map(otherReplica)],
  };
}

/** The requests that wait, each once: at the replica that they came to. */
export function mergedQueue(queues: readonly QueueDetail[]): QueueDetail {
  const waits = queues.flatMap(({ estimatedWaitMs }) => estimatedWaitMs ?? []);
  const inOrder = queues
    .flatMap(({ waiting }) => waiting)
    .toSorted((one, other) => one.position - other.position || other.waitedMs - one.waitedMs);
  return {
    length: sum(queues.map(({ length }) => length)),
    limit: sum(queues.map(({ limit }) => limit)),
    estimatedWaitMs: waits.length > 0 ? Math.max(...waits) : null,
    waiting: inOrder.slice(0, MAX_LISTED).map((row, index) => ({ ...row, position: index + 1 })),
  };
}

/** The latest events of all, newest first. Each replica knows those that were stored before its start. */
export function mergedChanges(looks: readonly ReplicaLook[]): ShownEvent[] {
  const events = new Map<string, ShownEvent>();
  for (const { replica, overview } of looks) {
    for (const { id, ...event } of overview.changes) {
      const key = sameness(event);
      if (!events.has(key)) events.set(key, { id: `${replica.id}-${id}`, ...event });
    }
  }
  return [...events.values()].toSorted((one, other) => other.at - one.at);
}

/** Equal for the same event, whichever replica tells it. */
export function sameness({ at, kind, account, actor, summary }: Omit<ShownEvent, "id">): string {
  return JSON.stringify([at, kind, account, actor, summary]);
}

function answering(own: ReplicaLook, others: readonly KnownLook[]): readonly ReplicaLook[] {
  return [own, ...others.flatMap(({ look, lastKnownAt }) => (look && lastKnownAt === null ? [look] : []))];
}

function warningsOf({ own, others, accounts }: OverviewParts): string[] {
  const told = answering(own, others).flatMap(({ replica, overview }) =>
    overview.warnings.map((warning) => `Replica ${replica.id}: ${warning}`),
  );
  const silent = others
    .filter(({ look, lastKnownAt }) => !look || lastKnownAt !== null)
    .flatMap(({ replica }) => (silentState(replica) === "draining" ? [] : [silenceOf(replica)]));
  const unowned = accounts.filter(({ state }) => state === "unowned").length;
  return [...told, ...silent, ...(unowned > 0 ? [`Accounts that no replica has now: ${unowned}.`] : [])];
}

function mergedTraffic(overviews: readonly Overview[]): Overview["traffic"] {
  const all = overviews.map(({ traffic }) => traffic);
  const medians = all.flatMap(({ firstTokenMs }) => firstTokenMs ?? []).toSorted((one, other) => one - other);
  return {
    requestsPerMinute: sum(all.map(({ requestsPerMinute }) => requestsPerMinute)),
    failedPerMinute: sum(all.map(({ failedPerMinute }) => failedPerMinute)),
    firstTokenMs: medians[Math.floor(medians.length / 2)] ?? null,
    openPages: sum(all.map(({ openPages }) => openPages)),
    maxOpenPages: sum(all.map(({ maxOpenPages }) => maxOpenPages)),
  };
}

function otherReplica({ replica, look, lastKnownAt }: KnownLook): ShownReplica {
  if (look && lastKnownAt === null) return shownReplica(look, { isAsked: false });
  const { id, version } = replica;
  const unknown = { accounts: null, openPages: null, maxOpenPages: null, waiting: null, heartbeatAgeMs: null };
  return { id, version, isAsked: false, state: silentState(replica), ...unknown };
}

/** Of a replica that tells nothing. One that is being stopped tells nothing more, and its answers go on. */
function silentState({ isCompatible, isDraining }: KnownLook["replica"]): ShownReplica["state"] {
  if (!isCompatible) return "incompatible";
  return isDraining ? "draining" : "silent";
}

function silenceOf({ id, version, isCompatible }: KnownLook["replica"]): string {
  if (isCompatible) return `Replica ${id} does not answer.`;
  return `Replica ${id} has version ${version}, which this one cannot ask.`;
}

export function shownReplica(
  { replica, overview, accounts }: ReplicaLook,
  { isAsked }: { readonly isAsked: boolean },
): ShownReplica {
  const { id, version, isDraining, isFenced, heartbeatAgeMs } = replica;
  const { openPages, maxOpenPages } = overview.traffic;
  return {
    id,
    version,
    isAsked,
    state: isFenced ? "fenced" : isDraining ? "draining" : "serving",
    accounts: accounts.length,
    openPages,
    maxOpenPages,
    waiting: overview.queue.length,
    heartbeatAgeMs: Math.round(heartbeatAgeMs),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
