import { abortable } from "../process/abortable.ts";
import type { Permit, RateLimiter } from "./rate-limiter.ts";

/** The permit that an account holds while it is ready, so that it may send once without waiting. */
export class SendPermit {
  readonly #rateLimiter: RateLimiter;
  #permit: Permit | undefined;
  #coming: Promise<void> | undefined;

  constructor(rateLimiter: RateLimiter) {
    this.#rateLimiter = rateLimiter;
  }

  get isHeld(): boolean {
    return this.#permit !== undefined;
  }

  /** Waits for the permit. Returns early when the signal aborts; the permit may then come later. Never rejects. */
  async acquire(signal: AbortSignal): Promise<void> {
    this.#coming ??= this.#rateLimiter.take().then((permit) => {
      this.#permit = permit;
      this.#coming = undefined;
    });
    await abortable(this.#coming, signal).catch(() => {});
  }

  /** Hands the permit over to the request that sends. */
  use(): Permit | undefined {
    const permit = this.#permit;
    this.#permit = undefined;
    return permit;
  }
}
