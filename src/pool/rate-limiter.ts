import Bottleneck from "bottleneck";

export interface RateLimit {
  readonly count: number;
  readonly windowMs: number;
}

/** Leave to send once. */
export interface Permit {
  /** Counts from now: the pace has room for another send when the window has passed. Later calls do nothing. */
  spend(): void;
}

/**
 * One account's pace: at most `count` sends in any window of `windowMs`, however they fall. A permit is one of
 * Bottleneck's concurrent jobs that ends a whole window after it was spent; its reservoirs would allow twice the count
 * around the moment of their refresh.
 */
export class RateLimiter {
  readonly #limiter: Bottleneck | undefined;
  /** Undefined where it may send at any time. */
  readonly limit: RateLimit | undefined;
  readonly #windowMs: number;
  readonly #count: number;
  readonly #spentAt: number[] = [];
  readonly #ends = new Set<() => void>();
  #unspent = 0;
  /** Called when `sentAt` has changed. */
  onSent: () => void = () => {};

  /** `sentAt`: what was sent before a restart counts on; milliseconds since the epoch, earliest first. */
  constructor(limit: RateLimit | undefined, sentAt: readonly number[] = []) {
    this.limit = limit;
    this.#windowMs = limit?.windowMs ?? 0;
    this.#count = limit?.count ?? Number.POSITIVE_INFINITY;
    if (!limit) return;
    this.#limiter = new Bottleneck({ maxConcurrent: limit.count });
    const nowMs = performance.now();
    for (const at of sentAt.slice(-limit.count)) {
      // A clock that was set back meanwhile makes nobody wait longer than a window.
      const atMs = Math.min(at - performance.timeOrigin, nowMs);
      if (atMs + limit.windowMs <= nowMs) continue;
      this.#spentAt.push(atMs);
      this.#hold((end) => this.#endLater(end, atMs));
    }
  }

  /** When it sent lately, as far as that counts; milliseconds since the epoch. */
  get sentAt(): readonly number[] {
    return this.#spentAt.map((atMs) => Math.round(performance.timeOrigin + atMs));
  }

  /** When each of the last sends stops counting, in milliseconds from now, earliest first. */
  get sendsEndInMs(): readonly number[] {
    const nowMs = performance.now();
    return this.#spentAt.map((atMs) => Math.max(0, atMs + this.#windowMs - nowMs));
  }

  /** Permits that were given and not spent. */
  get unspent(): number {
    return this.#unspent;
  }

  /** How long until the pace lets this account send again; 0 when it may now. */
  get waitMs(): number {
    const oldest = this.#spentAt.at(-this.#count);
    return oldest === undefined ? 0 : Math.max(0, oldest + this.#windowMs - performance.now());
  }

  /** Resolves when this account may send. */
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

  /** Lets every timer go; permits that are still waited for never come. */
  async stop(): Promise<void> {
    for (const end of this.#ends) end();
    await this.#limiter?.disconnect();
  }

  /** Takes one of the concurrent jobs, when one is free, until its end is called. */
  #hold(begin: (end: () => void) => void): void {
    void this.#limiter?.schedule(async () => {
      const ended = Promise.withResolvers<void>();
      this.#ends.add(ended.resolve);
      begin(ended.resolve);
      await ended.promise;
      this.#ends.delete(ended.resolve);
    });
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
