import type { Log } from "../observe/log.ts";
import type { KeyUse, SharedKeyUse } from "../store/shared-key-use.ts";
import { JoinedCounts } from "./joined-counts.ts";
import { RunningRequests } from "./running-requests.ts";
import { SharedPlaces } from "./shared-places.ts";
import { WindowCounts } from "./window-counts.ts";
import { unused, WINDOW_MS, type Counts, type KeyCounters, type Points, type Window } from "./windows.ts";

const ANSWER_LIMIT_MS = 1_000;
/** After a failure the database is left alone for so long. */
const AWAY_MS = 5_000;
/** More often than a gateway is taken for ended. */
const TELL_EVERY_MS = 10_000;
const DELETE_EVERY_MS = 600_000;

export interface SharedCountersOptions {
  readonly log: Pick<Log, "warn">;
  /** A request waits no longer than this for a count; 1 s unless given. */
  readonly answerLimitMs?: number | undefined;
}

/**
 * Counts in the database, for all gateways together: one step for all windows of a key. While the database does not answer, each
 * gateway counts on from what it knows, and adds that to the database afterwards.
 */
export class SharedCounters implements KeyCounters {
  readonly #store: SharedKeyUse;
  readonly #counts: JoinedCounts;
  readonly #log: Pick<Log, "warn">;
  readonly #answerLimitMs: number;
  /** As the database had them last. */
  readonly #known = new WindowCounts();
  /** What was counted while it was away, by key. */
  readonly #owed = new Map<string, Map<Window, number>>();
  readonly #running = new RunningRequests();
  readonly #places: SharedPlaces;
  /** The keys whose number of requests the database knows. */
  readonly #told = new Set<string>();
  readonly #timers: readonly NodeJS.Timeout[];
  /** Monotonic. */
  #awayUntilMs = 0;

  constructor(store: SharedKeyUse, { log, answerLimitMs = ANSWER_LIMIT_MS }: SharedCountersOptions) {
    this.#store = store;
    this.#counts = new JoinedCounts(store);
    this.#places = new SharedPlaces(store, {
      of: (keyId) => this.#running.of(keyId),
      start: (keyId) => this.#start(keyId),
    });
    this.#log = log;
    this.#answerLimitMs = answerLimitMs;
    this.#timers = [
      setInterval(() => void this.#tell(), TELL_EVERY_MS).unref(),
      setInterval(() => void store.deleteOver().catch(() => {}), DELETE_EVERY_MS).unref(),
    ];
  }

  async add(keyId: string, points: Points): Promise<Counts> {
    const owed = this.#owed.get(keyId);
    this.#owed.delete(keyId);
    const all = sum(points, owed);
    const changes = [...all].map(([window, added]) => ({ window, points: added, lastsMs: WINDOW_MS[window] }));
    let counted: Promise<unknown> | undefined;
    const used = await this.#ask(() => {
      const adding = this.#counts.add(keyId, changes);
      counted = adding;
      return adding;
    });
    if (used) return this.#learn(keyId, used, [...points.keys()]);
    this.#owe(keyId, all);
    // An answer that comes too late says that nothing is owed.
    const nothing = new Map([...all].map(([window, added]) => [window, -added]));
    counted?.then(
      () => this.#owe(keyId, nothing),
      () => undefined,
    );
    return this.#known.add(keyId, points);
  }

  async read(keyId: string, windows: readonly Window[]): Promise<Counts> {
    const used = await this.#ask(() => this.#store.read(keyId));
    return used ? this.#learn(keyId, used, windows) : this.#known.read(keyId, windows);
  }

  async enter(keyId: string, parallel: number | undefined): Promise<(() => void) | undefined> {
    if (parallel === undefined) return this.#running.start(keyId);
    if (this.#running.of(keyId) >= parallel) return undefined;
    this.#told.add(keyId);
    let entering: Promise<(() => void) | "full"> | undefined;
    const entered = await this.#ask(() => (entering = this.#places.enter(keyId, parallel)));
    if (entered) return entered === "full" ? undefined : entered;
    // A place that is given too late is given back.
    entering?.then(
      (late) => late !== "full" && late(),
      () => undefined,
    );
    return this.#running.of(keyId) < parallel ? this.#start(keyId) : undefined;
  }

  async running(keyId: string): Promise<number> {
    const elsewhere = await this.#ask(() => this.#places.elsewhere(keyId));
    return this.#running.of(keyId) + (elsewhere ?? 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    const keyIds = [...this.#owed.keys()];
    for (const keyId of keyIds) await this.add(keyId, new Map());
    await this.#tell();
  }

  #owe(keyId: string, points: Points): void {
    this.#owed.set(keyId, sum(points, this.#owed.get(keyId)));
  }

  #start(keyId: string): () => void {
    return this.#running.start(keyId, () => void this.#ask(() => this.#places.tell(keyId)));
  }

  /** So that nobody takes this gateway for ended, and what was not said reaches the database. Never rejects. */
  async #tell(): Promise<void> {
    for (const keyId of this.#told) {
      const isOver = this.#running.of(keyId) === 0;
      const isSaid = await this.#ask(() => this.#places.tell(keyId).then(() => true));
      if (isOver && isSaid && this.#running.of(keyId) === 0) this.#told.delete(keyId);
    }
  }

  async #learn(keyId: string, used: readonly KeyUse[], windows: readonly Window[]): Promise<Counts> {
    const found = new Map(used.map((use) => [use.window, use]));
    const counts = windows.map((window) => [window, found.get(window) ?? unused(window)] as const);
    for (const [window, count] of counts) await this.#known.set(keyId, window, count);
    return new Map(counts);
  }

  /** Undefined while the database does not answer. Never rejects. */
  async #ask<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (performance.now() < this.#awayUntilMs) return undefined;
    const limit = Promise.withResolvers<never>();
    const timer = setTimeout(() => limit.reject(new Error("it did not answer in time")), this.#answerLimitMs);
    try {
      return await Promise.race([work(), limit.promise]);
    } catch (cause) {
      if (performance.now() >= this.#awayUntilMs) {
        const reason = cause instanceof Error ? cause.message : "";
        this.#log.warn({ reason }, "limits of API keys are counted by this gateway alone");
      }
      this.#awayUntilMs = performance.now() + AWAY_MS;
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }
}

function sum(one: Points, other: Points = new Map()): Map<Window, number> {
  const windows = new Set([...one.keys(), ...other.keys()]);
  return new Map([...windows].map((window) => [window, (one.get(window) ?? 0) + (other.get(window) ?? 0)]));
}
