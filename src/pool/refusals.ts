import { GatewayError } from "../errors.ts";

/** A gateway that stops is started again about then. */
const RESTART_MS = 1_000;
const MIN_RETRY_AFTER_MS = 1_000;
/** The share of a request's time within which its turn must come: the answers before it may take longer than usual. */
export const SAFE_SHARE = 0.95;

export function shuttingDown(): GatewayError {
  return new GatewayError("server_shutting_down", "The gateway is shutting down.", { retryAfterMs: RESTART_MS });
}

export function overloaded(): GatewayError {
  return new GatewayError("overloaded", "The gateway is short of memory; running answers go on.");
}

/** `states`: of the accounts that the request could have had. `waitsMs`: how long each of those that come back is away. */
export function noUsableAccount(states: readonly string[], waitsMs: readonly number[]): GatewayError {
  const counts = Object.entries(Object.groupBy(states, (state) => state));
  const why = counts.map(([state, alike = []]) => `${alike.length} ${state}`).join(", ");
  const message = `No account can answer now${why === "" ? "" : `: ${why}`}.`;
  if (waitsMs.length === 0) return new GatewayError("no_usable_account", message);
  const retryAfterMs = Math.max(MIN_RETRY_AFTER_MS, Math.min(...waitsMs));
  return new GatewayError("no_usable_account", message, { retryAfterMs });
}

/** `others`: how many wait besides it. */
export function tooLate({ limitMs }: { readonly limitMs: number }, waitMs: number, others: number): GatewayError {
  const [wait, limit] = [waitMs, limitMs].map((ms) => Math.ceil(ms / 1000));
  const message =
    `The accounts' rate limits allow no answer in time: ${others} others wait, this request would be served in about ` +
    `${wait} s, and it may wait ${limit} s.`;
  const details = { retryAfterMs: boundedRetryMs(waitMs - limitMs * SAFE_SHARE), estimatedWaitMs: waitMs };
  return new GatewayError("rate_limit_exceeded", message, details);
}

/** One second longer than the wait, since clients and clocks are not exact. */
export function boundedRetryMs(waitMs: number): number {
  return MIN_RETRY_AFTER_MS + (Number.isFinite(waitMs) ? Math.max(0, waitMs) : 0);
}
