import type { Admission, LeaseRequest } from "./admission.ts";
import type { Candidate, Outlook } from "./distant-account.ts";
import type { RequestQueue } from "./request-queue.ts";

export interface PoolShareParts {
  readonly admission: Admission;
  readonly queue: Pick<RequestQueue<never>, "length">;
  readonly dispatch: () => Promise<void>;
  /** Aborts when the gateway stops. */
  readonly signal: AbortSignal;
  /** From now on nothing may wait. */
  readonly close: () => void;
}

/** What a replica tells the others of all of its accounts. */
export interface ToldAccounts {
  /** Those that may soon serve. */
  readonly accounts: readonly Outlook[];
  /** Ids of those that go to another replica, and could serve there. */
  readonly leaving: readonly string[];
  /** Ids of those that cannot serve for a while, wherever they are. */
  readonly unable: readonly string[];
}

/** What a cluster of replicas needs of a pool. */
export class PoolShare {
  readonly #parts: PoolShareParts;

  constructor(parts: PoolShareParts) {
    this.#parts = parts;
  }

  /** The accounts here that may soon serve. */
  get outlooks(): readonly Outlook[] {
    return this.#parts.admission.prospects.outlooks;
  }

  /** What other replicas are told of the accounts here. */
  get told(): ToldAccounts {
    const { outlooks, leaving, unable } = this.#parts.admission.prospects;
    return { accounts: outlooks, leaving, unable };
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

  /** Refuses what waits, and what comes. */
  close(): void {
    this.#parts.close();
  }

  /** What is known of other replicas' accounts has changed: requests may wait in vain. */
  review(): void {
    if (this.waiting > 0) this.#parts.admission.refuseUnservable();
  }
}
