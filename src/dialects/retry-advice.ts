import type { GatewayError } from "../errors.ts";

/** Advice to the caller's SDK about asking again. */
export interface RetryAdvice {
  readonly shouldRetry: boolean;
  /** Undefined where waiting cures nothing, or nobody knows how long. */
  readonly afterMs: number | undefined;
}

/** Longer waits are the user's to decide: some SDKs obey any Retry-After, others hammer beyond a minute. */
const LONGEST_SDK_WAIT_MS = 60_000;
/** Where a retry makes sense and nobody said when. */
const DEFAULT_RETRY_AFTER_MS = 5_000;

export function retryAdvice(error: GatewayError): RetryAdvice {
  const { clientRetry } = error.row;
  const afterMs = error.retryAfterMs ?? (clientRetry ? DEFAULT_RETRY_AFTER_MS : undefined);
  return { shouldRetry: clientRetry && (afterMs ?? 0) <= LONGEST_SDK_WAIT_MS, afterMs };
}

/** Whole seconds for `Retry-After`, never 0: a retry at once would meet the same limit. */
export function waitSeconds(afterMs: number): number {
  return Math.max(1, Math.ceil(afterMs / 1000));
}
