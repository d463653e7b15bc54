import type { RateLimit } from "./rate-limiter.ts";

/** What is known of an account's future. All times are milliseconds from now. */
export interface Prospect<T> {
  readonly account: T;
  /** When it can be leased, apart from its rate limit. */
  readonly freeInMs: number;
  readonly rateLimit: RateLimit | undefined;
  /** When each of its last sends stops counting, earliest first. */
  readonly sendsEndInMs: readonly number[];
}

/** How long a lease takes. */
export interface Durations {
  /** Until the account can be leased again. */
  readonly leaseMs: number;
  /** Until the site has the prompt. From then on the rate limit counts it. */
  readonly sendMs: number;
}

interface Start<T> extends Prospect<T> {
  readonly startMs: number;
}

/**
 * Plays the future: each request gets the first account that it accepts, and holds it for one lease. Requests must be given
 * in the order in which they are served.
 */
export class Forecast<T> {
  readonly #durations: Durations;
  /** The account that can start first comes first. */
  readonly #starts: Start<T>[];

  constructor(prospects: readonly Prospect<T>[], durations: Durations) {
    this.#durations = durations;
    this.#starts = prospects
      .map((prospect) => startAt(prospect, startOf(prospect)))
      .sort((one, other) => one.startMs - other.startMs);
  }

  /** When a request that accepts these accounts starts if it comes next; Infinity where no account will. */
  startOf(accepts: (account: T) => boolean): number {
    return this.#starts.find(({ account }) => accepts(account))?.startMs ?? Infinity;
  }

  /** Serves a request with its account. Returns when it starts. */
  serve(accepts: (account: T) => boolean): number {
    const index = this.#starts.findIndex(({ account }) => accepts(account));
    const [start] = index < 0 ? [] : this.#starts.splice(index, 1);
    if (!start) return Infinity;
    const { account, rateLimit, startMs } = start;
    const { leaseMs, sendMs } = this.#durations;
    const sends = rateLimit
      ? [...start.sendsEndInMs, startMs + sendMs + rateLimit.windowMs].slice(-rateLimit.count)
      : [];
    const next = { account, rateLimit, freeInMs: startMs + leaseMs, sendsEndInMs: sends };
    this.#insert({ ...next, startMs: startOf(next) });
    return startMs;
  }

  /** Goes behind the accounts that start at the same time, since they became free before it. */
  #insert(start: Start<T>): void {
    let [low, high] = [0, this.#starts.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#starts[middle]?.startMs ?? Infinity) <= start.startMs) low = middle + 1;
      else high = middle;
    }
    this.#starts.splice(low, 0, start);
  }
}

function startOf<T>({ freeInMs, rateLimit, sendsEndInMs }: Prospect<T>): number {
  const blocking = rateLimit && sendsEndInMs.at(-rateLimit.count);
  return Math.max(0, freeInMs, blocking ?? 0);
}

/** Written out, since it is done for all accounts with each request. */
function startAt<T>({ account, freeInMs, rateLimit, sendsEndInMs }: Prospect<T>, startMs: number): Start<T> {
  return { account, freeInMs, rateLimit, sendsEndInMs, startMs };
}
