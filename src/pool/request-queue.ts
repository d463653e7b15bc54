import { GatewayError } from "../errors.ts";
import { evicted } from "./eviction.ts";
import { serviceOrder } from "./service-order.ts";

/** Who asks, as far as it decides who is served first. */
export interface Caller {
  /** Callers of different keys are served in turn, however many requests each has waiting. */
  readonly keyId: string;
  /** Served after everybody else, and the first to be turned away: nobody watches for its answer. */
  readonly isBackground: boolean;
  /** When it gives up, on the monotonic clock in milliseconds; undefined where it waits as long as the queue allows. */
  readonly deadlineMs?: number | undefined;
  /** Whether its stream is open: a refusal has no status any more. */
  readonly isOpen?: () => boolean;
}

export interface RequestQueueLimits {
  /** How many may wait. */
  readonly limit: number;
  readonly timeoutMs: number;
}

/** What somebody waits for. */
export interface QueueEntry<T> {
  readonly accepts: (offer: T) => boolean;
  /** How long this one may wait. */
  readonly limitMs: number;
  /** How long until a request like it is admitted and served in its time, as far as is known. */
  readonly retryAfterMs: () => number;
  /** How many in the line will be served at once: they do not wait. */
  readonly availableNow: () => number;
  readonly caller: Caller;
}

interface ArrivedEntry<T> extends QueueEntry<T> {
  readonly arrival: number;
}

export interface WaitingEntry<T> extends ArrivedEntry<T> {
  /** When its time is over, on the monotonic clock in milliseconds. */
  readonly endsMs: number;
  readonly take: (offer: T) => void;
  readonly refuse: (error: GatewayError) => void;
}

/**
 * First come, first served within a keyId; keys in turn; background work last. An aborted request leaves the line at
 * once. A request that must wait again after a failure keeps its position.
 */
export class RequestQueue<T> {
  readonly #limits: Pick<RequestQueueLimits, "limit">;
  readonly #waiters = new Set<WaitingEntry<T>>();
  /** When each keyId was served last, counted in servings. */
  readonly #servedAt = new Map<string, number>();
  #servings = 0;
  readonly #arrivals = new WeakMap<Caller, number>();
  #arrived = 0;

  constructor(limits: Pick<RequestQueueLimits, "limit">) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#waiters.size;
  }

  /** How many must leave before a place is free. */
  get surplus(): number {
    return Math.max(0, this.#waiters.size - this.#limits.limit + 1);
  }

  /**
   * Waits for an offer that the wish accepts.
   * @throws GatewayError `rate_limit_exceeded` when the line is full, `queue_timeout`; the signal's reason when it aborts.
   */
  async wait(wish: QueueEntry<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const arrival = this.#arrivalOf(wish.caller);
    this.#makeRoom({ ...wish, arrival });
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    // Out of the line at once, so that nothing is offered to one who left.
    const leave = (error: GatewayError): void => {
      this.#waiters.delete(waiter);
      reject(error);
    };
    const endsMs = performance.now() + wish.limitMs;
    const waiter: WaitingEntry<T> = { ...wish, arrival, endsMs, take: resolve, refuse: leave };
    const onAbort = (): void => leave(GatewayError.from(signal.reason));
    const timer = setTimeout(() => leave(this.#timedOut(waiter)), wish.limitMs);
    signal.addEventListener("abort", onAbort, { once: true });
    this.#waiters.add(waiter);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Gives the offer to whoever's turn it is among those who accept it; false when nobody does. */
  offer(offer: T): boolean {
    const next = this.inOrder().find((waiter) => waiter.accepts(offer));
    if (!next) return false;
    this.#servings += 1;
    this.#servedAt.set(next.caller.keyId, this.#servings);
    this.#waiters.delete(next);
    next.take(offer);
    return true;
  }

  /** 1 for who is served next; undefined for who does not wait. */
  positionOf(caller: Caller): number | undefined {
    const index = this.inOrder().findIndex((waiter) => waiter.caller === caller);
    return index < 0 ? undefined : index + 1;
  }

  /** How many would accept one of these offers. */
  wanting(offers: readonly T[]): number {
    return [...this.#waiters].filter((waiter) => offers.some((offer) => waiter.accepts(offer))).length;
  }

  /** Turns away those for whom there is a reason to. */
  refuse(reason: (waiter: WaitingEntry<T>) => GatewayError | undefined): void {
    for (const waiter of this.#waiters) {
      const error = reason(waiter);
      if (error) waiter.refuse(error);
    }
  }

  /** Whose turn comes first, if nobody else comes. */
  inOrder(): readonly WaitingEntry<T>[] {
    return serviceOrder([...this.#waiters], this.#servedAt);
  }

  /** The same, as it would be with the newcomer. */
  inOrderWith(newcomer: QueueEntry<T>): readonly QueueEntry<T>[] {
    const arrival = this.#arrivals.get(newcomer.caller) ?? this.#arrived + 1;
    return serviceOrder<ArrivedEntry<T>>([...this.#waiters, { ...newcomer, arrival }], this.#servedAt);
  }

  #arrivalOf(caller: Caller): number {
    const arrival = this.#arrivals.get(caller) ?? (this.#arrived += 1);
    this.#arrivals.set(caller, arrival);
    return arrival;
  }

  /** A full line turns one away: the newcomer or another. @throws GatewayError when it is the newcomer. */
  #makeRoom(newcomer: ArrivedEntry<T>): void {
    const { size } = this.#waiters;
    const { limit } = this.#limits;
    if (size < limit || size < limit + newcomer.availableNow()) return;
    const loser = evicted<ArrivedEntry<T>>([...this.#waiters], newcomer, limit);
    if (loser === newcomer) throw this.#full(newcomer);
    this.refuse((waiter) => (waiter === loser ? this.#full(waiter) : undefined));
  }

  #full({ retryAfterMs }: QueueEntry<T>): GatewayError {
    const message = `All accounts are busy and ${this.#limits.limit} requests are waiting already.`;
    return new GatewayError("rate_limit_exceeded", message, { retryAfterMs: retryAfterMs() });
  }

  #timedOut({ retryAfterMs, caller, limitMs }: QueueEntry<T>): GatewayError {
    const seconds = Math.round(limitMs / 1000);
    const place = `the request was number ${this.positionOf(caller)} of ${this.length} that wait`;
    const message = `No account became free within ${seconds} seconds; ${place}.`;
    return new GatewayError("queue_timeout", message, { retryAfterMs: retryAfterMs() });
  }
}
