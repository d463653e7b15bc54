import { GatewayError } from "../errors.ts";
import { evicted } from "./eviction.ts";
import { serviceOrder } from "./service-order.ts";

/** Far less than any two requests are apart, and more than the clock's rounding error. */
const ARRIVAL_STEP_MS = 0.001;

/** The request that asks, as far as that decides its turn. */
export interface Caller {
  /** Keys are served in turn, however many requests each has waiting. */
  readonly keyId: string;
  /** Served last, and the first to be refused: nobody watches for its answer. */
  readonly isBackground: boolean;
  /** When the request gives up, on the monotonic clock in milliseconds; undefined: it waits as long as the queue allows. */
  readonly deadlineMs?: number | undefined;
  /** Whether its stream is open. Its status was sent then, so a refusal could not set it any more. */
  readonly isOpen?: () => boolean;
  /** What the operator knows the request and its key by. */
  readonly requestId?: string;
  readonly keyName?: string | undefined;
}

export interface RequestQueueLimits {
  /** How many requests may wait. */
  readonly limit: number;
  readonly timeoutMs: number;
}

/** A request that came to another replica and waits in this queue too. That replica decides whether it may wait. */
export interface Guest {
  /** How long it has waited there. */
  readonly waitedMs: number;
  /** How much longer it may wait. */
  readonly limitMs: number;
}

/** Why a wait ends although nobody gave up: another replica's queue has served the request. */
export class ServedElsewhere extends Error {}

/** What a request waits for. */
export interface QueueEntry<A> {
  readonly accepts: (offer: A) => boolean;
  /** How long it may wait. */
  readonly limitMs: number;
  /** How long until a request like it would be admitted and served in time, as far as is known. */
  readonly retryAfterMs: () => number;
  /** How many requests can be served at once, so that they do not count as waiting. */
  readonly availableNow: () => number;
  /** Whether a page may be woken for it; yes unless given. */
  readonly mayWake?: (() => boolean) | undefined;
  /** Undefined for a request that came to this replica. */
  readonly guest?: Guest | undefined;
  readonly caller: Caller;
}

interface ArrivedEntry<A> extends QueueEntry<A> {
  /** When it came, on the monotonic clock in milliseconds; no two are equal. */
  readonly arrival: number;
}

/** `T` is what is offered, `A` as much of it as entries look at. */
export interface WaitingEntry<T, A = T> extends ArrivedEntry<A> {
  /** When its time is over, on the monotonic clock in milliseconds. */
  readonly endsMs: number;
  readonly take: (offer: T) => void;
  readonly refuse: (error: GatewayError) => void;
}

/** A request in the queue. All times are milliseconds. */
export interface WaitingRequest {
  /** 1 for the next. */
  readonly position: number;
  readonly caller: Caller;
  readonly waitedMs: number;
  /** How much longer it waits, as far as is known; undefined when no account will serve it. */
  readonly estimatedWaitMs: number | undefined;
  /** How much longer it may wait. */
  readonly leftMs: number;
}

/**
 * First come, first served within a key; keys in turn; background work last. An aborted request leaves the queue at once.
 * A request that retries on another account keeps its position.
 */
export class RequestQueue<T extends A, A = T> {
  readonly #limit: number;
  readonly #waiting = new Set<WaitingEntry<T, A>>();
  /** The number of each key's last turn. */
  readonly #lastTurns = new Map<string, number>();
  #turns = 0;
  readonly #arrivals = new WeakMap<Caller, number>();
  #arrived = 0;

  constructor({ limit }: Pick<RequestQueueLimits, "limit">) {
    this.#limit = limit;
  }

  get length(): number {
    return this.#waiting.size;
  }

  /** How many requests must leave before there is room for another. */
  get surplus(): number {
    return Math.max(0, this.#waiting.size - this.#limit + 1);
  }

  /**
   * Waits for an offer that the entry accepts.
   * @throws GatewayError `rate_limit_exceeded` when the queue is full, `queue_timeout`; the signal's reason when it aborts.
   */
  async wait(entry: QueueEntry<A>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const arrival = this.#arrivalOf(entry);
    if (!entry.guest) this.#makeRoom({ ...entry, arrival });
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    // It leaves the queue at once, so that nothing is offered to a request that is gone.
    const leave = (error: GatewayError): void => {
      this.#waiting.delete(waiting);
      reject(error);
    };
    const endsMs = performance.now() + entry.limitMs;
    const waiting: WaitingEntry<T, A> = { ...entry, arrival, endsMs, take: resolve, refuse: leave };
    const onAbort = (): void => {
      // Its key has had its turn, wherever that was.
      if (signal.reason instanceof ServedElsewhere && this.#waiting.has(waiting)) this.#countTurn(waiting);
      leave(GatewayError.from(signal.reason));
    };
    const timer = setTimeout(() => leave(this.#timedOut(waiting)), entry.limitMs);
    signal.addEventListener("abort", onAbort, { once: true });
    this.#waiting.add(waiting);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Gives the offer to the first request in order that accepts it; false when none does. */
  offer(offer: T): boolean {
    const next = this.inOrder().find(({ accepts }) => accepts(offer));
    if (!next) return false;
    this.#countTurn(next);
    this.#waiting.delete(next);
    next.take(offer);
    return true;
  }

  /** 1 for the request that is served next; undefined for one that does not wait. */
  positionOf(caller: Caller): number | undefined {
    const index = this.inOrder().findIndex((entry) => entry.caller === caller);
    return index < 0 ? undefined : index + 1;
  }

  /** How many requests would accept one of these offers. */
  countAccepting(offers: readonly A[]): number {
    return [...this.#waiting].filter(({ accepts }) => offers.some(accepts)).length;
  }

  /** How many requests would accept this offer, and may have its page woken. */
  countWaking(offer: A): number {
    return [...this.#waiting].filter(({ accepts, mayWake }) => accepts(offer) && (mayWake?.() ?? true)).length;
  }

  /** Refuses the requests for which there is a reason. */
  refuse(reasonFor: (entry: WaitingEntry<T, A>) => GatewayError | undefined): void {
    for (const entry of this.#waiting) {
      const error = reasonFor(entry);
      if (error) entry.refuse(error);
    }
  }

  /** The requests in the order in which they are served if no other comes. */
  inOrder(): readonly WaitingEntry<T, A>[] {
    return serviceOrder([...this.#waiting], this.#lastTurns);
  }

  /** The same order, with a newcomer in it. */
  inOrderWith(newcomer: QueueEntry<A>): readonly QueueEntry<A>[] {
    const arrival = this.#arrivals.get(newcomer.caller) ?? Number.MAX_VALUE;
    return serviceOrder<ArrivedEntry<A>>([...this.#waiting, { ...newcomer, arrival }], this.#lastTurns);
  }

  #arrivalOf({ caller, guest }: QueueEntry<A>): number {
    const arrival = this.#arrivals.get(caller) ?? (guest ? performance.now() - guest.waitedMs : this.#arriveNow());
    this.#arrivals.set(caller, arrival);
    return arrival;
  }

  #arriveNow(): number {
    this.#arrived = Math.max(performance.now(), this.#arrived + ARRIVAL_STEP_MS);
    return this.#arrived;
  }

  #countTurn({ caller }: ArrivedEntry<A>): void {
    this.#turns += 1;
    this.#lastTurns.set(caller.keyId, this.#turns);
  }

  /** A full queue refuses a request: the newcomer or another one. @throws GatewayError when it is the newcomer. */
  #makeRoom(newcomer: ArrivedEntry<A>): void {
    const { size } = this.#waiting;
    if (size < this.#limit || size < this.#limit + newcomer.availableNow()) return;
    const loser = evicted<ArrivedEntry<A>>([...this.#waiting], newcomer, this.#limit);
    if (loser === newcomer) throw this.#full(newcomer);
    this.refuse((entry) => (entry === loser ? this.#full(entry) : undefined));
  }

  #full({ retryAfterMs }: QueueEntry<A>): GatewayError {
    const message = `All accounts are busy and ${this.#limit} requests are waiting already.`;
    return new GatewayError("rate_limit_exceeded", message, { retryAfterMs: retryAfterMs() });
  }

  #timedOut({ retryAfterMs, caller, limitMs }: QueueEntry<A>): GatewayError {
    const seconds = Math.round(limitMs / 1000);
    const position = `the request was number ${this.positionOf(caller)} of ${this.length} that wait`;
    const message = `No account became free within ${seconds} seconds; ${position}.`;
    return new GatewayError("queue_timeout", message, { retryAfterMs: retryAfterMs() });
  }
}
