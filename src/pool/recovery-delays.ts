import type { SessionAction } from "../errors.ts";
import type { AccountState } from "./account-state.ts";

/** The state that a failure leads to, and how long the account then waits for its next try. */
export interface RecoveryDelays {
  readonly state: AccountState;
  readonly firstDelayMs: number;
  /** After the second failure of the same kind in a row. Each further failure doubles it. */
  readonly repeatedDelayMs: number;
  readonly maxDelayMs: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** No account waits longer, whatever the site says or the store holds. */
export const MAX_DELAY_MS = HOUR_MS;
/** The shortest wait when the site names a time. */
const MIN_TOLD_DELAY_MS = 1_000;

/** What follows a failure, by the action in the error table. */
export const RECOVERY: Readonly<Record<SessionAction, RecoveryDelays>> = {
  keep: { state: "idle", firstDelayMs: 1_000, repeatedDelayMs: 2_000, maxDelayMs: MINUTE_MS },
  rebuild: { state: "idle", firstDelayMs: 0, repeatedDelayMs: 1_000, maxDelayMs: MINUTE_MS },
  cool: { state: "cooldown", firstDelayMs: MINUTE_MS, repeatedDelayMs: 2 * MINUTE_MS, maxDelayMs: HOUR_MS },
  challenge: { state: "challenged", firstDelayMs: 0, repeatedDelayMs: 1_000, maxDelayMs: 5 * MINUTE_MS },
  expire: { state: "expired", firstDelayMs: 1_000, repeatedDelayMs: 5 * MINUTE_MS, maxDelayMs: HOUR_MS },
};

/** The browser did not solve a challenge in time, or solved challenges in vain: a person is needed, and retries are rare. */
export const UNSOLVED: RecoveryDelays = {
  state: "needs_attention",
  firstDelayMs: 5 * MINUTE_MS,
  repeatedDelayMs: 10 * MINUTE_MS,
  maxDelayMs: HOUR_MS,
};

export function recoveryInto(state: AccountState): RecoveryDelays | undefined {
  return [...Object.values(RECOVERY), UNSOLVED].find((recovery) => recovery.state === state);
}

/** A time to wait that the site named, within our bounds. */
export function toldDelayMs(retryAfterMs: number): number {
  return Math.min(Math.max(retryAfterMs, MIN_TOLD_DELAY_MS), MAX_DELAY_MS);
}
