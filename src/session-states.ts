import type { StoredCookies } from "./browser/cookies.ts";
import type { Credential } from "./credentials.ts";
import type { Log } from "./log.ts";
import type { CredentialState, Slot, Verdict } from "./pool/slot.ts";
import type { CredentialStore } from "./store/credential-store.ts";

/** What a session goes on with after a restart. */
export interface RememberedSession {
  readonly cookies: StoredCookies;
  /** Why it was not in use; undefined when nothing was wrong. */
  readonly verdict: Verdict | undefined;
}

/** A change is written after so long, together with those that came meanwhile. */
const WRITE_DELAY_MS = 500;

/**
 * Keeps each credential's cookies, verdict and pace in the store, shortly after they changed. A store that fails costs no
 * request: the failure is logged, and the next change is tried again.
 */
export class SessionStates implements AsyncDisposable {
  readonly #store: CredentialStore;
  readonly #log: Log;
  readonly #pending = new Map<string, { readonly credential: Credential; readonly slot: Slot }>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(store: CredentialStore, log: Log) {
    this.#store = store;
    this.#log = log;
  }

  /** @throws StoreError when what is stored cannot be read. */
  async load({ id, cookie }: Credential): Promise<RememberedSession | undefined> {
    const stored = await this.#store.load(id, cookie);
    if (!stored) return undefined;
    const { cookies, state, reason, since, nextTryAt, failuresInARow } = stored;
    const verdict = { state: state as CredentialState, reason, since, nextTryAt, failuresInARow };
    return { cookies: JSON.parse(cookies) as StoredCookies, verdict: state === "cold" ? undefined : verdict };
  }

  /**
   * When the credential sent lately, whichever cookie it had: the site counts for the account. Milliseconds since the epoch.
   * @throws StoreError when what is stored cannot be read.
   */
  sentAt({ id }: Credential): Promise<readonly number[]> {
    return this.#store.sentAt(id);
  }

  /** Of one that was taken out, or replaced, nothing is kept any more. */
  changed(credential: Credential, slot: Slot): void {
    if (slot.isRetired) return;
    this.#pending.set(credential.id, { credential, slot });
    this.#timer ??= setTimeout(() => void this.flush(), WRITE_DELAY_MS).unref();
  }

  /** Writes what has not been written yet. Never rejects. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#next(async () => {
      const due = [...this.#pending.values()].filter(({ slot }) => !slot.isRetired);
      this.#pending.clear();
      for (const { credential, slot } of due) await this.#write(credential, slot);
    });
  }

  /** Never rejects. */
  async forgetExcept(ids: readonly string[]): Promise<void> {
    await this.#next(() => this.#store.forgetExcept(ids).catch((cause: unknown) => this.#complain(cause)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush();
    await this.#store[Symbol.asyncDispose]();
  }

  /** One after the other: what is being written when it is to be forgotten is forgotten after that. */
  #next(work: () => Promise<unknown>): Promise<void> {
    this.#writing = this.#writing.then(async () => void (await work()));
    return this.#writing;
  }

  async #write(credential: Credential, slot: Slot): Promise<void> {
    const { id, cookie } = credential;
    const nothing = { state: "cold", reason: "", since: 0, nextTryAt: undefined, failuresInARow: 0 };
    const cookies = JSON.stringify(slot.session.signIn.cookies);
    await this.#store
      .save(id, cookie, { cookies, sentAt: slot.pace.sentAt, ...(slot.verdict ?? nothing) })
      .catch((cause: unknown) => {
        this.#complain(cause);
        if (!this.#pending.has(id)) this.#pending.set(id, { credential, slot });
      });
  }

  #complain(cause: unknown): void {
    this.#log.error(
      { err: cause },
      "the state was not stored; it is tried again with the next change, and at the stop",
    );
  }
}
