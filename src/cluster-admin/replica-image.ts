import type { ShownAccount } from "../admin/account-schemas.ts";
import type { Now, Overview } from "../admin/overview.ts";
import type { FinishedRequest } from "../admin/stream-sources.ts";
import type { OwnReplica } from "../cluster/cluster-facts.ts";
import type { ReplicaLook } from "./asks.ts";
import type { StreamMessage } from "./replicas.ts";

interface Snapshot {
  readonly overview: Overview;
  readonly accounts: readonly ShownAccount[];
}

interface AccountChanges {
  readonly changed: readonly (Partial<ShownAccount> & Pick<ShownAccount, "id">)[];
  readonly removed: readonly string[];
}

/** A request as the stream tells it. */
interface ToldRequest {
  readonly key: string | null;
  readonly [name: string]: unknown;
}

const MINUTE_MS = 60_000;

/** Another replica as its stream shows it: what it told at first, and all changes since. */
export class ReplicaImage {
  readonly #id: string;
  #look: ReplicaLook | undefined;

  constructor(id: string) {
    this.#id = id;
  }

  /** Undefined before its first message. */
  get look(): ReplicaLook | undefined {
    return this.#look;
  }

  /** Takes in a message. Returns the requests that are over, where it tells of any. */
  take({ event, data }: StreamMessage, versionOf: () => string): readonly FinishedRequest[] {
    if (event === "snapshot") this.#begin(data as Snapshot, versionOf());
    const look = this.#look;
    if (!look) return [];
    if (event === "accounts") this.#look = { ...look, accounts: changedRows(look.accounts, data as AccountChanges) };
    else if (event === "queue") this.#take(look, data as Now);
    else if (event === "event") this.#takeEvents(look, (data as { readonly data: Overview["changes"] }).data);
    else if (event === "requests") return this.#takeRequests(look, (data as { readonly data: ToldRequest[] }).data);
    return [];
  }

  #begin({ overview, accounts }: Snapshot, version: string): void {
    this.#look = { replica: this.#replicaIn(overview, version), overview, accounts };
  }

  #take(look: ReplicaLook, now: Now): void {
    const overview = { ...look.overview, ...now };
    this.#look = { ...look, overview, replica: this.#replicaIn(overview, look.replica.version) };
  }

  #takeEvents(look: ReplicaLook, events: Overview["changes"]): void {
    this.#look = {
      ...look,
      overview: { ...look.overview, changes: [...events, ...look.overview.changes].slice(0, 20) },
    };
  }

  #takeRequests(look: ReplicaLook, told: readonly ToldRequest[]): readonly FinishedRequest[] {
    const requests = told.map(({ key, ...request }) => {
      const given = Object.entries({ ...request, keyName: key }).filter(([, value]) => value !== null);
      return Object.fromEntries(given) as unknown as FinishedRequest;
    });
    this.#look = { ...look, overview: { ...look.overview, minutes: counted(look.overview.minutes, requests) } };
    return requests;
  }

  /** A replica's own stream tells of itself alone. */
  #replicaIn({ replicas }: Now, version: string): OwnReplica {
    const own = replicas?.find(({ id }) => id === this.#id);
    return {
      id: this.#id,
      version: own?.version ?? version,
      isDraining: own?.state === "draining",
      isFenced: own?.state === "fenced",
      heartbeatAgeMs: own?.heartbeatAgeMs ?? 0,
    };
  }
}

function changedRows(rows: readonly ShownAccount[], { changed, removed }: AccountChanges): readonly ShownAccount[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  for (const id of removed) byId.delete(id);
  // Of a new account every field is told.
  for (const row of changed) byId.set(row.id, { ...byId.get(row.id), ...row } as ShownAccount);
  return [...byId.values()];
}

function counted(minutes: Overview["minutes"], requests: readonly FinishedRequest[]): Overview["minutes"] {
  const byMinute = new Map(minutes.map((minute) => [minute.at, minute]));
  for (const { at: came, code } of requests) {
    const at = came - (came % MINUTE_MS);
    const { requests: count, failed } = byMinute.get(at) ?? { requests: 0, failed: 0 };
    byMinute.set(at, { at, requests: count + 1, failed: failed + (code === undefined ? 0 : 1) });
  }
  return [...byMinute.values()].toSorted((one, other) => one.at - other.at).slice(-60);
}
