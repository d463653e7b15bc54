import type { Peer } from "./directory.ts";
import type { Place } from "./placement.ts";

/** Another replica. It is live if it has told so lately and its session in the database stands. */
export interface KnownPeer extends Peer, Place {
  readonly version: string;
  /** It ends soon, and takes no accounts any more. */
  readonly isDraining: boolean;
}

/** A row of the table of replicas as a heartbeat reads it. */
export interface ReplicaRow {
  readonly id: string;
  readonly url: string;
  readonly token: string;
  readonly backend_pid: number;
  readonly backend_start: string;
  readonly version: string;
  readonly protocol: number;
  readonly weight: number;
  readonly is_draining: boolean;
  readonly seen_at: number;
  /** Whether the session stands that holds its locks. */
  readonly has_session: boolean;
}

interface Observed {
  readonly row: ReplicaRow;
  /** How many of our own heartbeats in a row found that it had not told anything new. */
  readonly silentBeats: number;
}

/** A replica that says nothing for so many heartbeats, one each second, is asked for nothing. */
const LIVE_BEATS = 6;
/** One that says nothing for so many, while its locks stand, is frozen. */
const FROZEN_BEATS = 10;
/** The row of one whose session ended is deleted after so many. */
const FORGET_BEATS = 60;

/**
 * The other replicas. Their silence is counted in heartbeats of our own: neither a clock that is set nor a database that
 * stood still makes them look dead.
 */
export class Peers {
  readonly #ownId: string;
  #observed: ReadonlyMap<string, Observed> = new Map();
  /** Another list after each heartbeat. */
  all: readonly KnownPeer[] = [];

  constructor(ownId: string) {
    this.#ownId = ownId;
  }

  /** Those that say nothing, and keep their locks. */
  get frozen(): readonly ReplicaRow[] {
    return this.#rows(({ row, silentBeats }) => row.has_session && silentBeats >= FROZEN_BEATS);
  }

  /** Those that ended without deleting their row. */
  get gone(): readonly ReplicaRow[] {
    return this.#rows(({ row, silentBeats }) => !row.has_session && silentBeats >= FORGET_BEATS);
  }

  /**
   * Takes in what a heartbeat read. `nowAt` is the database's time, for replicas that are new to us. `isLenient`: one without
   * a session may come back.
   */
  update(
    rows: readonly ReplicaRow[],
    { nowAt, isLenient }: { readonly nowAt: number; readonly isLenient: boolean },
  ): void {
    const others = rows.filter(({ id }) => id !== this.#ownId);
    this.#observed = new Map(others.map((row) => [row.id, { row, silentBeats: this.#silentBeats(row, nowAt) }]));
    this.all = [...this.#observed.values()].map((observed) => peerOf(observed, isLenient));
  }

  #silentBeats(row: ReplicaRow, nowAt: number): number {
    const before = this.#observed.get(row.id);
    // One that is frozen since before we came still has its ten seconds.
    if (!before) return nowAt - row.seen_at < LIVE_BEATS * 1_000 ? 0 : LIVE_BEATS;
    return before.row.seen_at === row.seen_at ? before.silentBeats + 1 : 0;
  }

  #rows(isMeant: (observed: Observed) => boolean): readonly ReplicaRow[] {
    return [...this.#observed.values()].filter(isMeant).map(({ row }) => row);
  }
}

function peerOf({ row, silentBeats }: Observed, isLenient: boolean): KnownPeer {
  const { id, url, token, protocol, version, weight, is_draining: isDraining } = row;
  const isLive = (row.has_session || isLenient) && silentBeats < LIVE_BEATS;
  return { id, url, token, protocol, version, weight, isDraining, isLive };
}
