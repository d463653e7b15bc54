/** A moment in the future, noted on the wall clock and on the monotonic clock. */
export class Moment {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly #monotonicMs: number;

  constructor(at: number) {
    this.at = at;
    this.#monotonicMs = performance.now() + at - Date.now();
  }

  /**
   * How long until then; 0 when it has passed. The wall clock may be set back, and the monotonic clock stops while a
   * laptop sleeps: the clock that is further ahead counts, so neither makes the wait longer.
   */
  get waitMs(): number {
    return Math.max(0, Math.min(this.at - Date.now(), this.#monotonicMs - performance.now()));
  }
}
