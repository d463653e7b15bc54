import type { PageFetch } from "../sites/site.ts";

/** Until when a request may run: after that, another replica may use its account. */
export interface Validity {
  /** On the monotonic clock, in milliseconds. It grows while the account stays here. */
  readonly untilMs: number;
  /** Calls back each time that `untilMs` has grown. Disposing the result ends that. */
  watch(onExtended: () => void): Disposable;
}

/** Those of `fetch` in a page; `validity` where other replicas could use the account, too. */
export type PageFetchParameters = [...Parameters<PageFetch>, validity?: Validity | undefined];

/** One prompt's right to be sent and answered. */
export interface Turn extends Validity {
  /** Aborts when the right is lost. */
  readonly signal: AbortSignal;
  /** The page works on it no more. */
  readonly end: () => void;
}

/** The right to use an account that other replicas could use, too. */
export interface AccountHold {
  /** Grows each time that a replica takes the account. What was stored under a later one is not overwritten. */
  readonly epoch: number;
  /** @throws GatewayError `ownership_lost` when another replica may have the account: nothing is sent with its cookies then. */
  assertHeld(): void;
  /**
   * Announces a prompt. It may be sent once this resolves. A `turnId` that was announced before is still the same prompt.
   * @throws GatewayError `ownership_lost`: nothing may be sent; the signal's reason.
   */
  begin(turnId: string, signal: AbortSignal): Promise<Turn>;
}
