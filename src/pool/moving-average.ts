/** The weight of the newest value. A fifth follows a change within ten values and forgives one outlier. */
const NEWEST_WEIGHT = 0.2;

/** An exponentially weighted mean of durations; 0 while none is known. */
export class MovingAverage {
  #ms: number | undefined;

  add(ms: number): void {
    this.#ms = this.#ms === undefined ? ms : this.#ms + NEWEST_WEIGHT * (ms - this.#ms);
  }

  get ms(): number {
    return this.#ms ?? 0;
  }
}
