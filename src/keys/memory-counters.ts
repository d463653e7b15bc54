import type { Log } from "../observe/log.ts";
import type { KeyUseStore } from "../store/key-use-store.ts";
import { RunningRequests } from "./running-requests.ts";
import { WindowCounts } from "./window-counts.ts";
import type { Counts, KeyCounters, Points, Window } from "./windows.ts";

export interface MemoryCountersOptions {
  readonly log: Pick<Log, "warn">;
  /** How often the counts of days are written. */
  readonly writeEveryMs?: number;
}

const WRITE_EVERY_MS = 10_000;

/**
 * Counts in memory, since each request changes several counts. What keys used of a day is stored now and then, and when the
 * gateway stops.
 */
export class MemoryCounters implements KeyCounters {
  readonly #store: Pick<KeyUseStore, "save">;
  readonly #log: Pick<Log, "warn">;
  readonly #counts = new WindowCounts();
  readonly #running = new RunningRequests();
  readonly #writing: NodeJS.Timeout;

  private constructor(store: Pick<KeyUseStore, "save">, { log, writeEveryMs = WRITE_EVERY_MS }: MemoryCountersOptions) {
    this.#store = store;
    this.#log = log;
    this.#writing = setInterval(() => void this.#write(), writeEveryMs).unref();
  }

  /** @throws StoreError when the counts cannot be read. */
  static async open(store: Pick<KeyUseStore, "save" | "all">, options: MemoryCountersOptions): Promise<MemoryCounters> {
    const counters = new MemoryCounters(store, options);
    counters.#counts.restore(await store.all());
    return counters;
  }

  add(keyId: string, points: Points): Promise<Counts> {
    return this.#counts.add(keyId, points);
  }

  read(keyId: string, windows: readonly Window[]): Promise<Counts> {
    return this.#counts.read(keyId, windows);
  }

  async enter(keyId: string, parallel: number | undefined): Promise<(() => void) | undefined> {
    if (parallel !== undefined && this.#running.of(keyId) >= parallel) return undefined;
    return this.#running.start(keyId);
  }

  async running(keyId: string): Promise<number> {
    return this.#running.of(keyId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#writing);
    await this.#write();
  }

  /** Never rejects. */
  async #write(): Promise<void> {
    const counts = this.#counts.takeChanged();
    if (!counts) return;
    await this.#store.save(counts).catch((cause: unknown) => {
      this.#log.warn({ reason: cause instanceof Error ? cause.message : "" }, "what API keys used today is not stored");
    });
  }
}
