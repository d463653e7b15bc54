import type { Session } from "../browser/session.ts";
import type { GatewayError } from "../errors.ts";
import { reportOn, type AccountEvents } from "./account-event.ts";
import { AccountLifecycle } from "./account-lifecycle.ts";
import { FailureStreak, type FailureRecord } from "./failure-streak.ts";
import type { RateLimiter } from "./rate-limiter.ts";
import { RECOVERY, toldDelayMs, UNSOLVED, type RecoveryDelays } from "./recovery-delays.ts";
import { SendPermit } from "./send-permit.ts";
import { SignInTrust } from "./sign-in-trust.ts";

export const ASLEEP = "asleep: its page is closed until it is needed";
const ANSWERING = "answering";
const DISABLED = ["disabled", "disabled by the operator"] as const;
const TAKEN_OVER = ["taken_over", "an operator uses it"] as const;

export interface AccountParts {
  readonly id: string;
  readonly site: string;
  readonly session: Session;
  readonly rateLimiter: RateLimiter;
  readonly events: AccountEvents;
  /** From before a restart. */
  readonly failure?: FailureRecord | undefined;
}

/**
 * One account: its session, its rate limiter and its state. The state changes by the verbs below only, along
 * `TRANSITIONS`. A verb that the state does not permit throws and changes nothing.
 */
export class Account extends AccountLifecycle {
  readonly site: string;
  readonly session: Session;
  readonly rateLimiter: RateLimiter;
  readonly permit: SendPermit;
  readonly signIn = new SignInTrust();
  /** Spreads periodic work: accounts are not all checked at the same moment. */
  readonly jitter = 0.8 + 0.4 * Math.random();
  readonly #streak: FailureStreak;
  #failure: FailureRecord | undefined;
  #idleSinceMs = performance.now();
  #isDisabled = false;
  #isTakenOver = false;
  #isLeased = false;

  constructor({ id, site, session, rateLimiter, events, failure }: AccountParts) {
    super(id, events, failure);
    this.site = site;
    this.session = session;
    this.rateLimiter = rateLimiter;
    this.permit = new SendPermit(rateLimiter);
    this.#streak = new FailureStreak(failure);
    this.#isDisabled = failure?.state === "disabled";
    if (!this.#isDisabled) this.#failure = failure;
    reportOn(id, { session, rateLimiter }, events);
  }

  /** How long until it may serve, as far as is known; 0 when it may at any moment. */
  get waitMs(): number {
    return this.state === "rate_limited" ? this.rateLimiter.waitMs : this.nextTryMs;
  }

  /** Since when the account only fails, on the monotonic clock. Undefined while the site merely told it to wait. */
  get failingSinceMs(): number | undefined {
    return this.#streak.beganMs;
  }

  /** A request has it. */
  get isLeased(): boolean {
    return this.#isLeased;
  }

  /** When its last lease ended, on the monotonic clock. */
  get idleSinceMs(): number {
    return this.#idleSinceMs;
  }

  /** What to persist: why it is not in use. Kept while a retry or the shutdown runs; undefined when healthy. */
  get failure(): FailureRecord | undefined {
    if (!this.#isDisabled) return this.#failure;
    const [state, reason] = DISABLED;
    return { state, reason, since: this.since, nextTryAt: undefined, failuresInARow: 0 };
  }

  /** An operator has disabled it or takes it over: it gets no new requests. */
  get isHeld(): boolean {
    return this.#isDisabled || this.#isTakenOver;
  }

  get isTakenOver(): boolean {
    return this.#isTakenOver;
  }

  /** Whether new requests may get it, once it is ready. */
  get isInService(): boolean {
    return !this.isRetired && !this.isHeld;
  }

  startOpening(): void {
    this.enter("opening", "going to the site");
  }

  /** The page is at the site, so the failure is over. `isProven`: the site was asked whether the account is signed in. */
  opened({ isProven }: { readonly isProven: boolean }): void {
    this.setNextTry(undefined);
    this.#streak.pause();
    this.#failure = undefined;
    if (isProven) this.#confirmSignIn();
  }

  becomeReady(): void {
    this.enter("ready", "waiting for a request");
  }

  /** Its page is closed until it is needed. */
  sleep(): void {
    this.enter("idle", ASLEEP);
  }

  /** It waits until its rate limit allows another request. */
  rest(): void {
    if (this.state !== "rate_limited") this.enter("rate_limited", "its rate limit");
  }

  leased(): void {
    this.enter("busy", ANSWERING);
    this.#isLeased = true;
  }

  released(): void {
    this.#isLeased = false;
    this.#idleSinceMs = performance.now();
  }

  startSignInCheck(): void {
    this.enter("busy", "asking whether it is signed in");
  }

  startSolving(): void {
    this.enter("challenged", "solving what the site asks");
  }

  /** The challenge is solved, and the request goes on. */
  solved(): void {
    this.enter("busy", ANSWERING);
  }

  /** The site has answered a request or a sign-in check. */
  answered(): void {
    this.#streak.end();
    this.#confirmSignIn();
  }

  /** A request failed in its session. */
  failed(error: GatewayError): void {
    const recovery = RECOVERY[error.row.fate];
    this.#recover(error, recovery === RECOVERY.challenge && this.#streak.isSolvedInVain ? UNSOLVED : recovery);
  }

  /** Its page did not open. */
  failedToOpen(error: GatewayError): void {
    const { fate } = error.row;
    this.#recover(error, fate === "challenge" ? UNSOLVED : RECOVERY[fate]);
  }

  /** Tries a failed account now, and has the sign-in of a healthy one checked soon. */
  recheck(): void {
    this.signIn.demand();
    if (this.nextTryAt !== undefined) this.setNextTry(Date.now());
    this.interrupt();
  }

  /** Takes it out of service until `enable`; a request that runs goes on. */
  disable(): void {
    this.#isDisabled = true;
    this.interrupt();
  }

  enable(): void {
    this.#isDisabled = false;
  }

  /** Takes it out of service for an operator until `handBack`; a request that runs goes on. */
  takeOver(): void {
    this.#isTakenOver = true;
    this.interrupt();
  }

  handBack(): void {
    this.#isTakenOver = false;
  }

  /** Nobody uses the held account any more: it is in the operator's hands now. */
  park(): void {
    const [state, reason] = this.#isTakenOver ? TAKEN_OVER : DISABLED;
    if (this.state !== state) this.enter(state, reason);
  }

  /** The operator gives it back to the pool. */
  unpark(): void {
    this.enter("idle", "back in service");
  }

  #recover(error: GatewayError, recovery: RecoveryDelays): void {
    const { state } = recovery;
    this.assertPermitted(state);
    this.signIn.doubt();
    const usualDelayMs = this.#streak.add(recovery);
    const delayMs = error.retryAfterMs === undefined ? usualDelayMs : toldDelayMs(error.retryAfterMs);
    this.enter(state, error.message, Date.now() + delayMs);
    const { reason, since, nextTryAt } = this;
    const failuresInARow = this.#streak.length;
    // A restart opens pages anyway, so a page that is only to be opened again is no failure to persist.
    this.#failure = state === "idle" ? undefined : { state, reason, since, nextTryAt, failuresInARow };
  }

  #confirmSignIn(): void {
    this.signIn.confirm(this.session.authCookies.expiresAt);
    this.session.authCookies.confirm();
  }
}
