import type { RateLimit } from "./rate-limiter.ts";

/** So many pages open at once after a rest: a request that comes to a sleeping gateway is not to wait. */
export const OPENING_BURST = 4;
/** Each gap is up to a half shorter or longer: pages that open like clockwork are no person's. */
const JITTER = 0.5;
/** Rounding in the arithmetic of time must not cost another turn of the timer. */
const ROUNDING = 1e-6;

/** Spreads the openings of pages: a burst, then so many in a span of time on average. */
export class OpenRate implements Disposable {
  readonly #perMs: number;
  readonly #onTurn: () => void;
  /** How many may open at once now, as of `#asOfMs`; below 0 while a longer gap is due. */
  #turns = OPENING_BURST;
  #asOfMs = performance.now();
  #timer: NodeJS.Timeout | undefined;

  /** `limit`: undefined opens each at once. `onTurn`: called when a page may open after `isDue` said no. */
  constructor(limit: RateLimit | undefined, onTurn: () => void) {
    this.#perMs = limit ? limit.count / limit.windowMs : Number.POSITIVE_INFINITY;
    this.#onTurn = onTurn;
  }

  /** Whether one more may open now. */
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

  /** One opens. */
  take(): void {
    if (this.#perMs === Number.POSITIVE_INFINITY) return;
    this.#turns -= 1;
    // The burst is whole, the gaps after it vary.
    if (this.#turns < 1 - ROUNDING) this.#turns += JITTER * (2 * Math.random() - 1);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
