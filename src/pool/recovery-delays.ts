import type { SessionAction } from "../errors.ts";
import type { AccountState } from "./account.ts";

export interface RecoveryDelays {
  readonly state: AccountState;
  readonly firstDelayMs: number;
  /** From the second failure of the same kind in a row on, doubling with each further one. */
  readonly repeatedDelayMs: number;
  readonly maxDelayMs: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** No failure makes an account wait longer, whatever the site says or was stored. */
export const MAX_DELAY_MS = HOUR_MS;

/** What happens after a failure, by the fate that the error table gives. */
export const RECOVERY: Readonly<Record<SessionAction, RecoveryDelays>> = {
  keep: { state: "idle", firstDelayMs: 1_000, repeatedDelayMs: 2_000, maxDelayMs: MINUTE_MS },
  rebuild: { state: "idle", firstDelayMs: 0, repeatedDelayMs: 1_000, maxDelayMs: MINUTE_MS },
  cool: { state: "cooldown", firstDelayMs: MINUTE_MS, repeatedDelayMs: 2 * MINUTE_MS, maxDelayMs: HOUR_MS },
  challenge: { state: "challenged", firstDelayMs: 0, repeatedDelayMs: 1_000, maxDelayMs: 5 * MINUTE_MS },
  expire: { state: "expired", firstDelayMs: 1_000, repeatedDelayMs: 5 * MINUTE_MS, maxDelayMs: HOUR_MS },
};

/** A challenge that the browser did not solve in its time, or in vain, is left to a person, and looked at seldom. */
export const UNSOLVED: RecoveryDelays = {
  state: "needs_attention",
  firstDelayMs: 5 * MINUTE_MS,
  repeatedDelayMs: 10 * MINUTE_MS,
  maxDelayMs: HOUR_MS,
};

/** So many requests in a row that were challenged, though the page opened each time: it is solved in vain. */
export const CHALLENGED_IN_VAIN = 5;

export function recoveryInto(state: AccountState): RecoveryDelays | undefined {
  return [...Object.values(RECOVERY), UNSOLVED].find((recovery) => recovery.state === state);
}

/** A site may tell us to wait for any time; ours is at least this. */
export const MIN_COOLING_MS = 1_000;
