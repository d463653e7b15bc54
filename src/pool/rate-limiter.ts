export interface RateLimit {
  readonly count: number;
  readonly windowMs: number;
}

/** The right to send once. */
export interface Permit {
  /** The send counts from now until the window has passed. Later calls do nothing. */
  spend(): void;
}

/**
 * One account's rate limit: at most `count` sends in any window of `windowMs`, wherever the window begins. There are `count`
 * slots; a permit takes one, and gives it back a whole window after it was spent. All is told by the monotonic clock: the
 * machine's clock may be set while an account waits.
 */
export class RateLimiter {
  /** Undefined when the account may send at any time. */
  readonly limit: RateLimit | undefined;
  readonly #windowMs: number;
  readonly #count: number;
  readonly #spentAt: number[] = [];
  /** Who waits for a slot, in order. */
  readonly #waiting: ((end: () => void) => void)[] = [];
  #slotsTaken = 0;
  #isStopped = false;
  #unspent = 0;
  /** Called when `sentAt` has changed. */
  onSent: () => void = () => {};

  /** `sentAt`: the sends before a restart, which still count; milliseconds since the epoch, earliest first. */
  constructor(limit: RateLimit | undefined, sentAt: readonly number[] = []) {
    this.limit = limit;
    this.#windowMs = limit?.windowMs ?? 0;
    this.#count = limit?.count ?? Number.POSITIVE_INFINITY;
    if (!limit) return;
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
    if (!this.limit) return { spend: () => {} };
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

  /** Permits that are still waited for never come. */
  stop(): void {
    this.#isStopped = true;
    this.#waiting.length = 0;
  }

  /** Takes one of the slots when one is free, until its end is called. */
  #hold(begin: (end: () => void) => void): void {
    this.#waiting.push(begin);
    this.#giveSlots();
  }

  #giveSlots(): void {
    while (!this.#isStopped && this.#slotsTaken < this.#count) {
      const begin = this.#waiting.shift();
      if (!begin) return;
      this.#slotsTaken += 1;
      const end = (): void => {
        this.#slotsTaken -= 1;
        this.#giveSlots();
      };
      // Whoever looks at a slot that has just ended finds it free, and not given again within the same task.
      setTimeout(() => this.#isStopped || begin(end), 0);
    }
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
