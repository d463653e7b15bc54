import { GatewayError } from "../errors.ts";

interface Waiter<T> {
  readonly accepts: (offer: T) => boolean;
  readonly take: (offer: T) => void;
  readonly refuse: (error: GatewayError) => void;
}

export interface WaitingLineLimits {
  /** How many may wait. */
  readonly limit: number;
  readonly timeoutMs: number;
}

/** First come, first served; whoever leaves is out at once. */
export class WaitingLine<T> {
  readonly #limits: WaitingLineLimits;
  readonly #waiters = new Set<Waiter<T>>();

  constructor(limits: WaitingLineLimits) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#waiters.size;
  }

  /**
   * Waits for an offer that `accepts` takes.
   * @throws GatewayError `rate_limit_exceeded` when the line is full, `queue_timeout`; the signal's reason when it aborts.
   */
  async wait(accepts: (offer: T) => boolean, retryAfterMs: () => number, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    if (this.#waiters.size >= this.#limits.limit) {
      const message = `All accounts are busy and ${this.#limits.limit} requests are waiting already.`;
      throw new GatewayError("rate_limit_exceeded", message, { retryAfterMs: retryAfterMs() });
    }
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    // Out of the line at once, so that nothing is offered to one who left.
    const leave = (error: GatewayError): void => {
      this.#waiters.delete(waiter);
      reject(error);
    };
    const waiter: Waiter<T> = { accepts, take: resolve, refuse: leave };
    const onAbort = (): void => leave(GatewayError.from(signal.reason));
    const timer = setTimeout(() => leave(this.#timedOut(retryAfterMs())), this.#limits.timeoutMs);
    signal.addEventListener("abort", onAbort, { once: true });
    this.#waiters.add(waiter);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Gives the offer to the first in line who accepts it; false when nobody does. */
  offer(offer: T): boolean {
    for (const waiter of this.#waiters) {
      if (!waiter.accepts(offer)) continue;
      this.#waiters.delete(waiter);
      waiter.take(offer);
      return true;
    }
    return false;
  }

  refuseAll(error: GatewayError): void {
    for (const waiter of this.#waiters) waiter.refuse(error);
  }

  #timedOut(retryAfterMs: number): GatewayError {
    const seconds = Math.round(this.#limits.timeoutMs / 1000);
    return new GatewayError("queue_timeout", `No account became free within ${seconds} seconds.`, { retryAfterMs });
  }
}
