import type { AccountEvents } from "./account-event.ts";
import { TRANSITIONS, type AccountState } from "./account-state.ts";
import type { FailureRecord } from "./failure-streak.ts";
import { Moment } from "./moment.ts";
import { MAX_DELAY_MS } from "./recovery-delays.ts";

/** An account's state: what it is, why, since when and until when, and the only way to change it. */
export abstract class AccountLifecycle {
  readonly id: string;
  readonly #events: AccountEvents;
  #state: AccountState = "idle";
  #reason = "not opened yet";
  #since = Date.now();
  #nextTry: Moment | undefined;
  #isRetired = false;
  #interruption = new AbortController();

  /** `failure`: from before a restart. */
  constructor(id: string, events: AccountEvents, failure: FailureRecord | undefined) {
    this.id = id;
    this.#events = events;
    if (!failure) return;
    const { state, reason, since, nextTryAt } = failure;
    this.#state = state;
    this.#reason = reason;
    // A clock that was set back meanwhile must not make the account wait longer than any failure does.
    this.#since = Math.min(since, Date.now());
    if (nextTryAt !== undefined) this.#nextTry = new Moment(Math.min(nextTryAt, Date.now() + MAX_DELAY_MS));
  }

  get state(): AccountState {
    return this.#state;
  }

  get reason(): string {
    return this.#reason;
  }

  /** When the state began, in milliseconds since the epoch. */
  get since(): number {
    return this.#since;
  }

  /** When a failed account is tried again, in milliseconds since the epoch. */
  get nextTryAt(): number | undefined {
    return this.#nextTry?.at;
  }

  /** It was removed from the list: it goes as soon as its request is over. */
  get isRetired(): boolean {
    return this.#isRetired;
  }

  /** It is in the operator's hands: no request, no check and no recovery has it. */
  get isParked(): boolean {
    return this.#state === "disabled" || this.#state === "taken_over";
  }

  protected get nextTryMs(): number {
    return this.#nextTry?.waitMs ?? 0;
  }

  retire(): void {
    this.#isRetired = true;
    this.interrupt();
  }

  /** It leaves for good. */
  drain(reason: string): void {
    if (this.#state !== "draining") this.enter("draining", reason);
  }

  /** Aborts with the signal, and also when something happened to the account that ends its waits. */
  interruptible(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, this.#interruption.signal]);
  }

  /** Ends the account's waits, so that the waiting work looks at it again. */
  protected interrupt(): void {
    this.#interruption.abort();
    this.#interruption = new AbortController();
  }

  /** @throws Error when the state does not permit it. */
  protected assertPermitted(to: AccountState): void {
    if (!TRANSITIONS[this.#state].includes(to)) {
      throw new Error(`Account ${this.id} cannot go from ${this.#state} to ${to}.`);
    }
  }

  /** @throws Error when the state does not permit it; nothing has changed then. */
  protected enter(to: AccountState, reason: string, nextTryAt?: number): void {
    const from = this.#state;
    this.assertPermitted(to);
    this.setNextTry(nextTryAt);
    this.#reason = reason;
    if (to === from) return;
    this.#state = to;
    this.#since = Date.now();
    this.#events.emit({ kind: "state", accountId: this.id, from, to, reason, since: this.#since, nextTryAt });
  }

  protected setNextTry(at: number | undefined): void {
    this.#nextTry = at === undefined ? undefined : new Moment(at);
  }
}
