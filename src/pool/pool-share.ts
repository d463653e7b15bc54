import type { Admission, LeaseRequest } from "./admission.ts";
import type { Candidate, Outlook } from "./distant-account.ts";
import type { RequestQueue } from "./request-queue.ts";

export interface PoolShareParts {
  readonly admission: Admission;
  readonly queue: Pick<RequestQueue<never>, "length">;
  readonly dispatch: () => Promise<void>;
  /** Aborts when the gateway stops. */
  readonly signal: AbortSignal;
}

/** What a cluster of replicas needs of a pool. */
export class PoolShare {
  readonly #parts: PoolShareParts;

  constructor(parts: PoolShareParts) {
    this.#parts = parts;
  }

  /** What other replicas are told of the accounts here. */
  get outlooks(): readonly Outlook[] {
    return this.#parts.signal.aborted ? [] : this.#parts.admission.outlooks;
  }

  /** How many requests wait here, wherever they came to. */
  get waiting(): number {
    return this.#parts.queue.length;
  }

  /** Whether an account can serve the request at once. */
  hasReadyFor(wish: LeaseRequest): boolean {
    return this.#parts.admission.hasReadyFor(wish);
  }

  /** Whether an account sleeps here that may serve soon and is accepted. */
  hasAsleep(accepts: (account: Candidate) => boolean): boolean {
    return !this.#parts.signal.aborted && this.#parts.admission.hasAsleep(accepts);
  }

  /** A page may be woken for a request that waits. */
  wakingAllowed(): void {
    void this.#parts.dispatch();
  }
}
