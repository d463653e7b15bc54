import type { RateLimit } from "./rate-limiter.ts";

/** How many pages may open at once after a pause, so that a request to a sleeping gateway need not wait. */
export const OPENING_BURST = 4;
/** Each gap is up to a half shorter or longer, since people do not open pages like clockwork. */
const JITTER = 0.5;
/** A rounding error must not cost another run of the timer. */
const ROUNDING = 1e-6;

/** Spreads the opening of pages over time: a burst first, then the limit's rate on average. */
export class OpenRate implements Disposable {
  readonly #perMs: number;
  readonly #onTurn: () => void;
  /** How many pages could open at once at the time `#asOfMs`; below 0 while a longer gap is due. */
  #turns = OPENING_BURST;
  #asOfMs = performance.now();
  #timer: NodeJS.Timeout | undefined;

  /** `limit`: undefined opens each page at once. `onTurn`: called when a page may open after `isDue` said no. */
  constructor(limit: RateLimit | undefined, onTurn: () => void) {
    this.#perMs = limit ? limit.count / limit.windowMs : Number.POSITIVE_INFINITY;
    this.#onTurn = onTurn;
  }

  /** Whether another page may open now. */
  get isDue(): boolean {
    if (this.#perMs === Number.POSITIVE_INFINITY) return true;
    const nowMs = performance.now();
    this.#turns = Math.min(OPENING_BURST, this.#turns + (nowMs - this.#asOfMs) * this.#perMs);
    this.#asOfMs = nowMs;
    if (this.#turns >= 1 - ROUNDING) return true;
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined;
        this.#onTurn();
      },
      Math.ceil((1 - this.#turns) / this.#perMs),
    ).unref();
    return false;
  }

  /** A page opens. */
  take(): void {
    if (this.#perMs === Number.POSITIVE_INFINITY) return;
    this.#turns -= 1;
    // The gaps after the burst vary; the burst itself does not.
    if (this.#turns < 1 - ROUNDING) this.#turns += JITTER * (2 * Math.random() - 1);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
