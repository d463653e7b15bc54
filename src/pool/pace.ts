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
 * One credential's pace: at most `count` sends in any window of `windowMs`, however they fall. A permit is one of
 * Bottleneck's concurrent jobs that ends a whole window after it was spent; its reservoirs would allow twice the count
 * around the moment of their refresh.
 */
export class Pace {
  readonly #limiter: Bottleneck | undefined;
  readonly #windowMs: number;
  readonly #count: number;
  readonly #spentAt: number[] = [];
  readonly #ends = new Set<() => void>();

  constructor(limit: RateLimit | undefined) {
    this.#windowMs = limit?.windowMs ?? 0;
    this.#count = limit?.count ?? Number.POSITIVE_INFINITY;
    this.#limiter = limit && new Bottleneck({ maxConcurrent: limit.count });
  }

  /** How long until the pace lets this credential send again; 0 when it may now. */
  get waitMs(): number {
    const oldest = this.#spentAt.at(-this.#count);
    return oldest === undefined ? 0 : Math.max(0, oldest + this.#windowMs - performance.now());
  }

  /** Resolves when this credential may send. */
  async take(): Promise<Permit> {
    const limiter = this.#limiter;
    if (!limiter) return { spend: () => {} };
    const permit = Promise.withResolvers<Permit>();
    void limiter.schedule(async () => {
      const ended = Promise.withResolvers<void>();
      this.#ends.add(ended.resolve);
      let isSpent = false;
      const spend = (): void => {
        if (!isSpent) this.#spend(ended.resolve);
        isSpent = true;
      };
      permit.resolve({ spend });
      await ended.promise;
      this.#ends.delete(ended.resolve);
    });
    return permit.promise;
  }

  /** Lets every timer go; permits that are still waited for never come. */
  async stop(): Promise<void> {
    for (const end of this.#ends) end();
    await this.#limiter?.disconnect();
  }

  #spend(end: () => void): void {
    this.#spentAt.push(performance.now());
    if (this.#spentAt.length > this.#count) this.#spentAt.shift();
    setTimeout(end, this.#windowMs).unref();
  }
}
