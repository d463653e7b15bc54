/** The time of where the state is kept, and of this process. Both are in Unix time, milliseconds. */
export interface StoreClock {
  toStored(localAt: number): number;
  toLocal(storedAt: number): number;
}

/** PostgreSQL's time while the statement runs, in milliseconds since the epoch. */
export const DATABASE_NOW = "floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

/** Of a database that one process has for itself: there is one clock. */
export const LOCAL_CLOCK: StoreClock = { toStored: (at) => at, toLocal: (at) => at };

interface Measured {
  /** The database's time less the monotonic time, in milliseconds. */
  readonly offsetMs: number;
  /** How far it may be off. */
  readonly errorMs: number;
  /** Monotonic. */
  readonly atMs: number;
}

/** Clocks of machines drift apart by less than this share. */
const DRIFT = 0.0005;
/** Readings differ by so much for no reason: a time that is stored and loaded again is to stay the same. */
const JITTER_MS = 3;

/**
 * The database's clock, as this process knows it. Clocks of replicas differ and may be set, so times that replicas share are
 * its. Each answer that tells its time is a measurement; the most exact one counts, and less and less so as it grows old.
 */
export class DatabaseClock implements StoreClock {
  #best: Measured | undefined;
  #aheadMs = 0;

  /** `databaseAt`: what the database said it was, between two readings of `performance.now()`. */
  measure(databaseAt: number, sentMs: number, receivedMs: number): void {
    const errorMs = (receivedMs - sentMs) / 2;
    const measured = { offsetMs: databaseAt - (sentMs + errorMs), errorMs, atMs: receivedMs };
    const best = this.#best;
    if (best) {
      const bestErrorMs = best.errorMs + (receivedMs - best.atMs) * DRIFT;
      // Where both cannot be true, the database's clock was set.
      const areBothTrue = Math.abs(best.offsetMs - measured.offsetMs) <= bestErrorMs + errorMs + 1;
      if (areBothTrue && bestErrorMs <= errorMs) return;
    }
    this.#best = measured;
  }

  /** The database's time now. This machine's, until it was measured. */
  now(): number {
    return this.#best ? Math.round(performance.now() + this.#best.offsetMs) : Date.now();
  }

  /** The time of an event that this process saw at `localAt`, by the database's clock. */
  toStored(localAt: number): number {
    return localAt + this.#ahead();
  }

  toLocal(storedAt: number): number {
    return storedAt - this.#ahead();
  }

  /** How far the database's clock is ahead of this machine's. */
  #ahead(): number {
    const aheadMs = this.now() - Date.now();
    if (Math.abs(aheadMs - this.#aheadMs) > JITTER_MS) this.#aheadMs = aheadMs;
    return this.#aheadMs;
  }
}
