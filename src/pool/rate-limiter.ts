import Bottleneck from "bottleneck";

const NO_SENDS: readonly number[] = [];
/** The machine's clock is corrected by less now and then. */
const CLOCK_TOLERANCE_MS = 1_000;

export interface RateLimit {
  readonly count: number;
  readonly windowMs: number;
}

/** The right to send once. */
export interface Permit {
  /** The send counts from now until the window has passed. Later calls do nothing. */
  spend(): void;
}

interface Job {
  readonly begin: (end: () => void) => void;
  readonly ended: PromiseWithResolvers<void>;
  isBegun: boolean;
}

/**
 * One account's rate limit: at most `count` sends in any window of `windowMs`, wherever the window begins. A permit is one
 * of Bottleneck's concurrent jobs; the job ends a whole window after the permit was spent. Bottleneck's reservoirs would
 * allow twice the count around the moment of their refresh. Bottleneck plans by the machine's clock: where that was set back,
 * a new one takes the place of the old one, which would wait until the clock is where it was.
 */
export class RateLimiter {
  #limiter: Bottleneck | undefined;
  /** The machine's clock when the monotonic one was 0. */
  #clockMs = Date.now() - performance.now();
  /** Undefined when the account may send at any time. */
  readonly limit: RateLimit | undefined;
  readonly #windowMs: number;
  readonly #count: number;
  readonly #spentAt: number[] = [];
  /** Those that have begun come first. */
  readonly #jobs = new Set<Job>();
  #unspent = 0;
  /** Called when `sentAt` has changed. */
  onSent: () => void = () => {};

  /** `sentAt`: the sends before a restart, which still count; milliseconds since the epoch, earliest first. */
  constructor(limit: RateLimit | undefined, sentAt: readonly number[] = []) {
    this.limit = limit;
    this.#windowMs = limit?.windowMs ?? 0;
    this.#count = limit?.count ?? Number.POSITIVE_INFINITY;
    if (!limit) return;
    this.#limiter = limiterOf(limit);
    const nowMs = performance.now();
    for (const at of sentAt.slice(-limit.count)) {
      // A clock that was set back meanwhile must not make the account wait longer than a window.
      const atMs = Math.min(at - performance.timeOrigin, nowMs);
      if (atMs + limit.windowMs <= nowMs) continue;
      this.#spentAt.push(atMs);
      this.#hold((end) => this.#endLater(end, atMs));
    }
  }

  /** The sends that still count; milliseconds since the epoch. */
  get sentAt(): readonly number[] {
    return this.#spentAt.map((atMs) => Math.round(performance.timeOrigin + atMs));
  }

  /** When each of the last sends stops counting, in milliseconds from now, earliest first. */
  get sendsEndInMs(): readonly number[] {
    if (this.#spentAt.length === 0) return NO_SENDS;
    const nowMs = performance.now();
    return this.#spentAt.map((atMs) => Math.max(0, atMs + this.#windowMs - nowMs));
  }

  /** How many permits were given and not spent yet. */
  get unspent(): number {
    return this.#unspent;
  }

  /** How long until the account may send again; 0 when it may now. */
  get waitMs(): number {
    const oldest = this.#spentAt.at(-this.#count);
    return oldest === undefined ? 0 : Math.max(0, oldest + this.#windowMs - performance.now());
  }

  /** Resolves when the account may send. */
  async take(): Promise<Permit> {
    if (!this.#limiter) return { spend: () => {} };
    const permit = Promise.withResolvers<Permit>();
    this.#hold((end) => {
      let isSpent = false;
      const spend = (): void => {
        if (isSpent) return;
        isSpent = true;
        this.#unspent -= 1;
        this.#spend(end);
      };
      this.#unspent += 1;
      permit.resolve({ spend });
    });
    return permit.promise;
  }

  /** Ends every timer. Permits that are still waited for never come. */
  async stop(): Promise<void> {
    for (const { ended } of this.#jobs) ended.resolve();
    await this.#limiter?.disconnect();
  }

  /** Takes one of the concurrent jobs when one is free, until its end is called. */
  #hold(begin: (end: () => void) => void): void {
    this.#followClock();
    const job: Job = { begin, ended: Promise.withResolvers(), isBegun: false };
    this.#jobs.add(job);
    this.#schedule(job);
  }

  #schedule(job: Job): void {
    const run = async (): Promise<void> => {
      if (!job.isBegun) {
        job.isBegun = true;
        job.begin(() => {
          this.#followClock();
          job.ended.resolve();
        });
      }
      await job.ended.promise;
      this.#jobs.delete(job);
    };
    // One that was dropped is scheduled anew.
    this.#limiter?.schedule(run).catch(() => {});
  }

  /** Looked at whenever something is planned. */
  #followClock(): void {
    const clockMs = Date.now() - performance.now();
    const isSetBack = clockMs < this.#clockMs - CLOCK_TOLERANCE_MS;
    this.#clockMs = clockMs;
    if (!isSetBack || !this.limit) return;
    this.#limiter?.stop({ dropWaitingJobs: true }).catch(() => {});
    this.#limiter = limiterOf(this.limit);
    for (const job of this.#jobs) this.#schedule(job);
  }

  #spend(end: () => void): void {
    const nowMs = performance.now();
    this.#spentAt.push(nowMs);
    if (this.#spentAt.length > this.#count) this.#spentAt.shift();
    this.onSent();
    this.#endLater(end, nowMs);
  }

  #endLater(end: () => void, spentAtMs: number): void {
    setTimeout(end, spentAtMs + this.#windowMs - performance.now()).unref();
  }
}

function limiterOf({ count }: RateLimit): Bottleneck {
  return new Bottleneck({ maxConcurrent: count });
}
