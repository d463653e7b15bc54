import type { Session } from "../browser/session.ts";
import { GatewayError } from "../errors.ts";
import type { RateLimiter, Permit } from "./rate-limiter.ts";
import {
  CHALLENGED_IN_VAIN,
  MAX_DELAY_MS,
  MIN_COOLING_MS,
  RECOVERY,
  recoveryInto,
  UNSOLVED,
  type RecoveryDelays,
} from "./recovery-delays.ts";

/**
 * idle: no page · opening · ready · busy · rate_limited: by its own rate limit · cooldown: told to wait · challenged: about to solve what the
 * site asks · needs_attention: a person must act · expired: signed out · draining: the gateway stops.
 */
export const ACCOUNT_STATES = [
  "idle",
  "opening",
  "ready",
  "busy",
  "rate_limited",
  "cooldown",
  "challenged",
  "needs_attention",
  "expired",
  "draining",
] as const;
export type AccountState = (typeof ACCOUNT_STATES)[number];

/** Why an account is not used, as it outlives the process. Times are milliseconds since the epoch. */
export interface FailureRecord {
  readonly state: AccountState;
  readonly reason: string;
  readonly since: number;
  readonly nextTryAt: number | undefined;
  readonly failuresInARow: number;
}

export interface AccountParts {
  readonly id: string;
  readonly session: Session;
  readonly rateLimiter: RateLimiter;
  /** From before a restart. */
  readonly failure?: FailureRecord | undefined;
  /** Called after each change of state. */
  readonly onChange?: (account: Account) => void;
}

/** One account: its session, its pace, and what is known of its state. */
export class Account {
  readonly id: string;
  readonly session: Session;
  readonly rateLimiter: RateLimiter;
  /** Held while it stands ready: it may send once without waiting. */
  permit: Permit | undefined;
  state: AccountState = "idle";
  reason = "not opened yet";
  /** When the state began, and when a failed one is tried again; milliseconds since the epoch. */
  since = Date.now();
  nextTryAt: number | undefined;
  /** When its last work ended, on the monotonic clock in milliseconds. */
  idleSinceMs = performance.now();
  /** When the site last took it for signed in, likewise; undefined while that is open. */
  signedInMs: number | undefined;
  /** How long its sign-in held when the site last took it for signed in, in milliseconds. */
  signInLeftMs = Number.POSITIVE_INFINITY;
  /** Not all are asked at the same moment. */
  readonly jitter = 0.8 + 0.4 * Math.random();
  /** Taken out of the configuration, or replaced in it: it goes as soon as nobody uses it. */
  isRetired = false;
  /** When a failed one is tried again, on the monotonic clock. */
  #nextTryMs = 0;
  /** Since when it only fails, on the monotonic clock; not while the site merely told it to wait. */
  failingSinceMs: number | undefined;
  #failuresInARow = 0;
  #verdict: FailureRecord | undefined;
  #lastRecovery: RecoveryDelays | undefined;
  readonly #onChange: (account: Account) => void;

  constructor({ id, session, rateLimiter: pace, failure: verdict, onChange }: AccountParts) {
    this.id = id;
    this.session = session;
    this.rateLimiter = pace;
    this.#onChange = onChange ?? (() => {});
    if (!verdict) return;
    const { state, reason, failuresInARow } = verdict;
    // A clock that was set back meanwhile makes nobody wait for longer than any failure does.
    const nowAt = Date.now();
    this.state = state;
    this.reason = reason;
    this.since = Math.min(verdict.since, nowAt);
    this.#waitUntil(verdict.nextTryAt === undefined ? undefined : Math.min(verdict.nextTryAt, nowAt + MAX_DELAY_MS));
    this.#failuresInARow = failuresInARow;
    this.#verdict = verdict;
    this.#lastRecovery = recoveryInto(state);
    if (this.#lastRecovery !== RECOVERY.cool) this.failingSinceMs = performance.now();
  }

  /** Not so: one that stands ready and whose page was lost meanwhile. */
  get isSound(): boolean {
    return !this.isRetired && (this.state !== "ready" || this.session.isOpen);
  }

  enter(state: AccountState, reason: string, nextTryAt?: number): void {
    const isNew = state !== this.state;
    if (isNew) this.since = Date.now();
    this.state = state;
    this.reason = reason;
    this.#waitUntil(nextTryAt);
    if (isNew) this.#onChange(this);
  }

  /** Noted on both clocks. `at`: milliseconds since the epoch. */
  #waitUntil(at: number | undefined): void {
    this.nextTryAt = at;
    this.#nextTryMs = at === undefined ? 0 : performance.now() + at - Date.now();
  }

  /** What a restart must not forget, during a try and while the gateway stops as well: undefined while nothing is wrong. */
  get failure(): FailureRecord | undefined {
    return this.#verdict;
  }

  /** Its page stands at the site: what was wrong is over. `isProven`: the site was asked whether it is signed in. */
  opened({ isProven }: { readonly isProven: boolean }): void {
    this.nextTryAt = undefined;
    this.failingSinceMs = undefined;
    this.#verdict = undefined;
    if (isProven) this.#prove();
  }

  /** A request failed in this session. */
  fail(error: GatewayError): void {
    const recovery = RECOVERY[error.row.fate];
    this.#recover(error, recovery === RECOVERY.challenge && this.#isSolvedInVain ? UNSOLVED : recovery);
  }

  /** Its page did not open. */
  failToOpen(error: GatewayError): void {
    const { fate } = error.row;
    this.#recover(error, fate === "challenge" ? UNSOLVED : RECOVERY[fate]);
  }

  /** What keeps its session from being lent again, if anything does. */
  async checkIn(): Promise<GatewayError | undefined> {
    try {
      if (!(await this.session.isQuiet())) return new GatewayError("session_lost", "The page is stuck or gone.");
      await this.session.keepCookies();
      return undefined;
    } catch (cause) {
      return GatewayError.from(cause);
    }
  }

  succeed(): void {
    this.failingSinceMs = undefined;
    this.#prove();
    this.#failuresInARow = 0;
  }

  #prove(): void {
    this.signedInMs = performance.now();
    const { expiresAt = Number.POSITIVE_INFINITY } = this.session.authCookies;
    this.signInLeftMs = expiresAt - Date.now();
  }

  /** Whether one more challenge in place of an answer tells that the site lets only the page in. */
  get #isSolvedInVain(): boolean {
    if (this.#lastRecovery === UNSOLVED) return this.#failuresInARow > 0;
    return this.#lastRecovery === RECOVERY.challenge && this.#failuresInARow >= CHALLENGED_IN_VAIN - 1;
  }

  #recover(error: GatewayError, recovery: RecoveryDelays): void {
    this.signedInMs = undefined;
    if (recovery !== RECOVERY.cool) this.failingSinceMs ??= performance.now();
    if (this.#lastRecovery !== recovery) this.#failuresInARow = 0;
    this.#lastRecovery = recovery;
    const doubled = recovery.repeatedDelayMs * 2 ** (this.#failuresInARow - 1);
    const usualDelayMs = this.#failuresInARow === 0 ? recovery.firstDelayMs : Math.min(doubled, recovery.maxDelayMs);
    const toldDelayMs = error.retryAfterMs;
    const delayMs =
      toldDelayMs === undefined ? usualDelayMs : Math.min(Math.max(toldDelayMs, MIN_COOLING_MS), MAX_DELAY_MS);
    this.#failuresInARow += 1;
    this.enter(recovery.state, error.message, Date.now() + delayMs);
    const { state, reason, since, nextTryAt } = this;
    // A page that is only to be opened anew is opened anew by a restart.
    this.#verdict =
      state === "idle" ? undefined : { state, reason, since, nextTryAt, failuresInARow: this.#failuresInARow };
  }

  /** When its pace lets it serve again, or a failed one is tried again; milliseconds since the epoch. */
  get nextUseAt(): number | undefined {
    return this.state === "rate_limited" ? Math.round(Date.now() + this.rateLimiter.waitMs) : this.nextTryAt;
  }

  /** How long until it may serve, as far as is known; 0 when it may at any moment. */
  get waitMs(): number {
    if (this.state === "rate_limited") return this.rateLimiter.waitMs;
    if (this.nextTryAt === undefined) return 0;
    // The wall clock may be set back; the monotonic one stands still while a laptop sleeps. Neither makes it wait longer.
    return Math.max(0, Math.min(this.nextTryAt - Date.now(), this.#nextTryMs - performance.now()));
  }
}
