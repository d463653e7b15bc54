import type { RateLimit } from "./rate-limiter.ts";

/** An account as far as its future is known. All times are milliseconds from now. */
export interface Prospect<T> {
  readonly account: T;
  /** When it can be lent, apart from its pace. */
  readonly freeInMs: number;
  readonly pace: RateLimit | undefined;
  /** When each of its last sends stops counting, earliest first. */
  readonly sendsEndInMs: readonly number[];
}

/** How long a lease takes. */
export interface Durations {
  /** Until the account can be lent again. */
  readonly leaseMs: number;
  /** Until the site has the prompt, from which on the pace counts it. */
  readonly sendMs: number;
}

interface Row<T> extends Prospect<T> {
  readonly startMs: number;
}

/**
 * Plays the future: each request gets the first account that it accepts, and holds it for one lease. Requests are to be
 * given in the order in which they are served.
 */
export class Forecast<T> {
  readonly #durations: Durations;
  /** Whoever can start first stands first. */
  readonly #rows: Row<T>[];

  constructor(prospects: readonly Prospect<T>[], durations: Durations) {
    this.#durations = durations;
    this.#rows = prospects
      .map((prospect) => ({ ...prospect, startMs: startOf(prospect) }))
      .sort((one, other) => one.startMs - other.startMs);
  }

  /** When a request that accepts these accounts starts if it comes next; Infinity where none will come. */
  startOf(accepts: (account: T) => boolean): number {
    return this.#rows.find(({ account }) => accepts(account))?.startMs ?? Infinity;
  }

  /** Serves a request: it takes its account. Returns when it starts. */
  serve(accepts: (account: T) => boolean): number {
    const index = this.#rows.findIndex(({ account }) => accepts(account));
    const [row] = index < 0 ? [] : this.#rows.splice(index, 1);
    if (!row) return Infinity;
    const { account, pace, startMs } = row;
    const { leaseMs, sendMs } = this.#durations;
    const sends = pace ? [...row.sendsEndInMs, startMs + sendMs + pace.windowMs].slice(-pace.count) : [];
    const next = { account, pace, freeInMs: startMs + leaseMs, sendsEndInMs: sends };
    this.#insert({ ...next, startMs: startOf(next) });
    return startMs;
  }

  /** Behind those that start at the same time: they became free before it. */
  #insert(row: Row<T>): void {
    let [low, high] = [0, this.#rows.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#rows[middle]?.startMs ?? Infinity) <= row.startMs) low = middle + 1;
      else high = middle;
    }
    this.#rows.splice(low, 0, row);
  }
}

function startOf<T>({ freeInMs, pace, sendsEndInMs }: Prospect<T>): number {
  const blocking = pace && sendsEndInMs.at(-pace.count);
  return Math.max(0, freeInMs, blocking ?? 0);
}
