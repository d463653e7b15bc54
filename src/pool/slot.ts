import type { Session } from "../browser/session.ts";
import { GatewayError, type SessionFate } from "../errors.ts";
import type { Pace, Permit } from "./pace.ts";

/**
 * cold: no page · opening · ready · busy · resting: its pace · cooling: told to wait · challenged: about to solve what the
 * site asks · needs_attention: a person must act · expired: signed out · draining: the gateway stops.
 */
export const CREDENTIAL_STATES = [
  "cold",
  "opening",
  "ready",
  "busy",
  "resting",
  "cooling",
  "challenged",
  "needs_attention",
  "expired",
  "draining",
] as const;
export type CredentialState = (typeof CREDENTIAL_STATES)[number];

/** Why a credential is not used, as it outlives the process. Times are milliseconds since the epoch. */
export interface Verdict {
  readonly state: CredentialState;
  readonly reason: string;
  readonly since: number;
  readonly nextTryAt: number | undefined;
  readonly failuresInARow: number;
}

export interface SlotParts {
  readonly id: string;
  readonly session: Session;
  readonly pace: Pace;
  /** From before a restart. */
  readonly verdict?: Verdict | undefined;
  /** Called after each change of state. */
  readonly onChange?: (slot: Slot) => void;
}

interface Recovery {
  readonly state: CredentialState;
  readonly firstDelayMs: number;
  /** From the second failure of the same kind in a row on, doubling with each further one. */
  readonly repeatedDelayMs: number;
  readonly maxDelayMs: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** What happens after a failure, by the fate that the error table gives. */
const RECOVERY: Readonly<Record<SessionFate, Recovery>> = {
  keep: { state: "cold", firstDelayMs: 1_000, repeatedDelayMs: 2_000, maxDelayMs: MINUTE_MS },
  rebuild: { state: "cold", firstDelayMs: 0, repeatedDelayMs: 1_000, maxDelayMs: MINUTE_MS },
  cool: { state: "cooling", firstDelayMs: MINUTE_MS, repeatedDelayMs: 2 * MINUTE_MS, maxDelayMs: HOUR_MS },
  challenge: { state: "challenged", firstDelayMs: 0, repeatedDelayMs: 1_000, maxDelayMs: 5 * MINUTE_MS },
  expire: { state: "expired", firstDelayMs: 1_000, repeatedDelayMs: 5 * MINUTE_MS, maxDelayMs: HOUR_MS },
};

/** A challenge that the browser did not solve in its time, or in vain, is left to a person, and looked at seldom. */
const UNSOLVED: Recovery = {
  state: "needs_attention",
  firstDelayMs: 5 * MINUTE_MS,
  repeatedDelayMs: 10 * MINUTE_MS,
  maxDelayMs: HOUR_MS,
};

/** So many requests in a row that were challenged, though the page opened each time: it is solved in vain. */
const CHALLENGED_IN_VAIN = 5;

function recoveryInto(state: CredentialState): Recovery | undefined {
  return [...Object.values(RECOVERY), UNSOLVED].find((recovery) => recovery.state === state);
}

/** A site may tell us to wait for any time; ours is at least this and at most an hour. */
const MIN_COOLING_MS = 1_000;

/** One credential: its session, its pace, and what is known of its state. */
export class Slot {
  readonly id: string;
  readonly session: Session;
  readonly pace: Pace;
  /** Held while it stands ready: it may send once without waiting. */
  permit: Permit | undefined;
  state: CredentialState = "cold";
  reason = "not opened yet";
  /** When the state began, and when a failed one is tried again; milliseconds since the epoch. */
  since = Date.now();
  nextTryAt: number | undefined;
  /** When its last work ended, on the monotonic clock in milliseconds. */
  idleSinceMs = performance.now();
  /** When the site last took it for signed in, likewise; undefined while that is open. */
  signedInMs: number | undefined;
  /** Not all are asked at the same moment. */
  readonly jitter = 0.8 + 0.4 * Math.random();
  /** Taken out of the configuration, or replaced in it: it goes as soon as nobody uses it. */
  isRetired = false;
  #failuresInARow = 0;
  #verdict: Verdict | undefined;
  #lastRecovery: Recovery | undefined;
  readonly #onChange: (slot: Slot) => void;

  constructor({ id, session, pace, verdict, onChange }: SlotParts) {
    this.id = id;
    this.session = session;
    this.pace = pace;
    this.#onChange = onChange ?? (() => {});
    if (!verdict) return;
    const { state, reason, since, nextTryAt, failuresInARow } = verdict;
    Object.assign(this, { state, reason, since, nextTryAt });
    this.#failuresInARow = failuresInARow;
    this.#verdict = verdict;
    this.#lastRecovery = recoveryInto(state);
  }

  /** Not so: one that stands ready and whose page was lost meanwhile. */
  get isSound(): boolean {
    return !this.isRetired && (this.state !== "ready" || this.session.isOpen);
  }

  enter(state: CredentialState, reason: string, nextTryAt?: number): void {
    const isNew = state !== this.state;
    if (isNew) this.since = Date.now();
    this.state = state;
    this.reason = reason;
    this.nextTryAt = nextTryAt;
    if (isNew) this.#onChange(this);
  }

  /** What a restart must not forget, during a try and while the gateway stops as well: undefined while nothing is wrong. */
  get verdict(): Verdict | undefined {
    return this.#verdict;
  }

  /** Its page stands at the site: what was wrong is over. `isProven`: the site was asked whether it is signed in. */
  opened({ isProven }: { readonly isProven: boolean }): void {
    this.nextTryAt = undefined;
    this.#verdict = undefined;
    if (isProven) this.signedInMs = performance.now();
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
    this.signedInMs = performance.now();
    this.#failuresInARow = 0;
  }

  /** Whether one more challenge in place of an answer tells that the site lets only the page in. */
  get #isSolvedInVain(): boolean {
    if (this.#lastRecovery === UNSOLVED) return this.#failuresInARow > 0;
    return this.#lastRecovery === RECOVERY.challenge && this.#failuresInARow >= CHALLENGED_IN_VAIN - 1;
  }

  #recover(error: GatewayError, recovery: Recovery): void {
    this.signedInMs = undefined;
    if (this.#lastRecovery !== recovery) this.#failuresInARow = 0;
    this.#lastRecovery = recovery;
    const doubled = recovery.repeatedDelayMs * 2 ** (this.#failuresInARow - 1);
    const usualDelayMs = this.#failuresInARow === 0 ? recovery.firstDelayMs : Math.min(doubled, recovery.maxDelayMs);
    const toldDelayMs = error.retryAfterMs;
    const delayMs = toldDelayMs === undefined ? usualDelayMs : Math.min(Math.max(toldDelayMs, MIN_COOLING_MS), HOUR_MS);
    this.#failuresInARow += 1;
    this.enter(recovery.state, error.message, Date.now() + delayMs);
    const { state, reason, since, nextTryAt } = this;
    // A page that is only to be opened anew is opened anew by a restart.
    this.#verdict =
      state === "cold" ? undefined : { state, reason, since, nextTryAt, failuresInARow: this.#failuresInARow };
  }

  /** When its pace lets it serve again, or a failed one is tried again; milliseconds since the epoch. */
  get nextUseAt(): number | undefined {
    return this.state === "resting" ? Math.round(Date.now() + this.pace.waitMs) : this.nextTryAt;
  }

  /** How long until it may serve, as far as is known; 0 when it may at any moment. */
  get waitMs(): number {
    if (this.state === "resting") return this.pace.waitMs;
    return Math.max(0, (this.nextTryAt ?? 0) - Date.now());
  }
}
