import { backoffMs } from "../process/backoff.ts";
import type { AccountState } from "./account-state.ts";
import { RECOVERY, recoveryInto, UNSOLVED, type RecoveryDelays } from "./recovery-delays.ts";

/** Why an account is not in use, in the form that outlives the process. Times are milliseconds since the epoch. */
export interface FailureRecord {
  readonly state: AccountState;
  readonly reason: string;
  readonly since: number;
  readonly nextTryAt: number | undefined;
  readonly failuresInARow: number;
}

/** After this many challenged requests in a row, solving the challenges is considered useless. */
const CHALLENGED_IN_VAIN = 5;

/** Failures in a row of one account, and how long each makes it wait. */
export class FailureStreak {
  #length: number;
  /** What the failures so far called for; a failure of another kind begins a new streak. */
  #recovery: RecoveryDelays | undefined;
  #beganMs: number | undefined;

  /** `record`: from before a restart. */
  constructor(record: FailureRecord | undefined) {
    this.#length = record?.failuresInARow ?? 0;
    this.#recovery = record && recoveryInto(record.state);
    if (this.#recovery) this.#noteBegin(this.#recovery);
  }

  get length(): number {
    return this.#length;
  }

  /** Since when the account only fails, on the monotonic clock. Undefined while the site merely told it to wait. */
  get beganMs(): number | undefined {
    return this.#beganMs;
  }

  /** True when challenges get solved but requests are still challenged. */
  get isSolvedInVain(): boolean {
    if (this.#recovery === UNSOLVED) return this.#length > 0;
    return this.#recovery === RECOVERY.challenge && this.#length >= CHALLENGED_IN_VAIN - 1;
  }

  /** Adds a failure. Returns how long the account waits for its next try, unless the site names another time. */
  add(recovery: RecoveryDelays): number {
    this.#noteBegin(recovery);
    if (this.#recovery !== recovery) this.#length = 0;
    this.#recovery = recovery;
    this.#length += 1;
    if (this.#length === 1) return recovery.firstDelayMs;
    return backoffMs(this.#length - 2, { first: recovery.repeatedDelayMs, factor: 2, max: recovery.maxDelayMs });
  }

  /** The page is open again. Whether requests work there is not known yet, so a further failure continues the streak. */
  pause(): void {
    this.#beganMs = undefined;
  }

  /** A request was answered. */
  end(): void {
    this.#beganMs = undefined;
    this.#length = 0;
  }

  #noteBegin(recovery: RecoveryDelays): void {
    if (recovery !== RECOVERY.cool) this.#beganMs ??= performance.now();
  }
}
