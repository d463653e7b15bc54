import type { StoredCookies } from "./browser/cookies.ts";
import type { Log } from "./log.ts";
import type { CredentialState, Slot, Verdict } from "./pool/slot.ts";
import type { AccountIdentity, CredentialStore, StoredCredential } from "./store/credential-store.ts";
import { StoreError } from "./store/store-error.ts";

/** What a session goes on with after a restart. */
export interface RememberedSession {
  readonly cookies: StoredCookies;
  /** Whether something beside the sign-in was configured otherwise then. */
  readonly isConfiguredAnew: boolean;
  /** Why it was not in use; undefined when nothing was wrong. */
  readonly verdict: Verdict | undefined;
}

/** A change of state is written after so long, together with those that came meanwhile. */
const WRITE_DELAY_MS = 500;
const NOTHING_WRONG = { state: "cold", reason: "", since: 0, nextTryAt: undefined, failuresInARow: 0 };

/**
 * Keeps each account's cookies, verdict and pace in the store, shortly after they changed. A store that fails costs no
 * request: the failure is logged, and the next change is tried again.
 */
export class SessionStates implements AsyncDisposable {
  readonly #store: CredentialStore;
  readonly #log: Log;
  readonly #keepRemovedMs: number;
  readonly #pending = new Map<string, { readonly account: AccountIdentity; readonly slot: Slot }>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  /** `keepRemovedMs`: how long what is stored of a removed account is kept. */
  constructor(store: CredentialStore, log: Log, keepRemovedMs: number) {
    this.#store = store;
    this.#log = log;
    this.#keepRemovedMs = keepRemovedMs;
  }

  /** One that was altered costs its own account's state. @throws StoreError when what is stored cannot be read. */
  async load(account: AccountIdentity): Promise<RememberedSession | undefined> {
    const stored = await this.#store.load(account).catch((cause: unknown) => {
      if (!(cause instanceof StoreError) || cause.code !== "seal_broken") throw cause;
      this.#log.error({ credential: account.id, reason: cause.message }, "it goes on from its configured cookie");
      return undefined;
    });
    if (!stored) return undefined;
    const { cookies, state, reason, since, nextTryAt, failuresInARow, isConfiguredAnew } = stored;
    const verdict = { state: state as CredentialState, reason, since, nextTryAt, failuresInARow };
    return {
      cookies: JSON.parse(cookies) as StoredCookies,
      isConfiguredAnew,
      verdict: state === "cold" ? undefined : verdict,
    };
  }

  /**
   * When the account sent lately, whichever cookie it had: the site counts for the account. Milliseconds since the epoch.
   * @throws StoreError when what is stored cannot be read.
   */
  sentAt(account: AccountIdentity): Promise<readonly number[]> {
    return this.#store.sentAt(account);
  }

  /** A state may change often and be lost for once. */
  changed(account: AccountIdentity, slot: Slot): void {
    this.#pending.set(account.signIn, { account, slot });
    this.#timer ??= setTimeout(() => void this.flush(), WRITE_DELAY_MS).unref();
  }

  /** A token that holds once, and a request that the pace must count: written at once, since a kill may come at any time. */
  changedForGood(account: AccountIdentity, slot: Slot): void {
    this.#pending.set(account.signIn, { account, slot });
    void this.flush();
  }

  /** Writes what has not been written yet. Never rejects. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#next(async () => {
      const due = [...this.#pending.values()];
      this.#pending.clear();
      for (const { account, slot } of due) await this.#write(account, slot);
    });
  }

  /** What is in use now; what else is stored is kept for its days, in case it comes back. Never rejects. */
  async keepInUse(accounts: readonly AccountIdentity[]): Promise<void> {
    await this.#next(() =>
      this.#store.keepInUse(accounts, this.#keepRemovedMs).catch((cause: unknown) => this.#complain(cause)),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush();
    await this.#store[Symbol.asyncDispose]();
  }

  /** One write after the other. */
  #next(work: () => Promise<unknown>): Promise<void> {
    this.#writing = this.#writing.then(async () => void (await work()));
    return this.#writing;
  }

  async #write(account: AccountIdentity, slot: Slot): Promise<void> {
    const cookies = JSON.stringify(slot.session.signIn.cookies);
    const stored: StoredCredential = { cookies, sentAt: slot.pace.sentAt, ...(slot.verdict ?? NOTHING_WRONG) };
    await this.#store.save(account, stored).catch((cause: unknown) => {
      this.#complain(cause);
      if (!this.#pending.has(account.signIn)) this.#pending.set(account.signIn, { account, slot });
    });
  }

  #complain(cause: unknown): void {
    this.#log.error(
      { err: cause },
      "the state was not stored; it is tried again with the next change, and at the stop",
    );
  }
}
