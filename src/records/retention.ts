import type { RecordStore } from "../store/record-store.ts";

const PRUNE_EVERY_MS = 60_000;
/** So many rows are deleted at once; others wait for the database that long. */
const STEP = 500;
const KEEP_MINUTES_MS = 86_400_000;
const MAX_EVENTS = 100_000;

export interface RetentionOptions {
  /** How long single requests are kept, and how many of them at most. */
  readonly keepRequestsMs: number;
  readonly maxRequests: number;
  /** How long sums of hours and days, and events, are kept. Sums of minutes are kept for a day. */
  readonly keepUsageMs: number;
}

/** Deletes old records, every minute and in small steps. */
export class Retention implements AsyncDisposable {
  readonly #store: Pick<RecordStore, "requests" | "usage" | "events">;
  readonly #options: RetentionOptions;
  readonly #timer: NodeJS.Timeout;
  #isStopping = false;
  #pruning: Promise<void> = Promise.resolve();

  constructor(store: Pick<RecordStore, "requests" | "usage" | "events">, options: RetentionOptions) {
    this.#store = store;
    this.#options = options;
    this.#timer = setInterval(() => void this.prune(), PRUNE_EVERY_MS).unref();
  }

  /** Deletes what is too old now. Never rejects: what fails is tried again a minute later. */
  prune(nowMs = Date.now()): Promise<void> {
    this.#pruning = this.#pruning.then(() => this.#pruneAll(nowMs).catch(() => {}));
    return this.#pruning;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#isStopping = true;
    await this.#pruning;
  }

  async #pruneAll(nowMs: number): Promise<void> {
    const { requests, usage, events } = this.#store;
    const { keepRequestsMs, maxRequests, keepUsageMs } = this.#options;
    const steps = [
      () => requests.prune({ beforeAt: nowMs - keepRequestsMs, keep: maxRequests }, STEP),
      () => usage.prune("minute", nowMs - KEEP_MINUTES_MS, STEP),
      () => usage.prune("hour", nowMs - keepUsageMs, STEP),
      () => usage.prune("day", nowMs - keepUsageMs, STEP),
      () => events.prune({ beforeAt: nowMs - keepUsageMs, keep: MAX_EVENTS }, STEP),
    ];
    for (const step of steps) while (!this.#isStopping && (await step()));
  }
}
