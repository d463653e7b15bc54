import type { StoredCookies } from "../browser/cookies.ts";
import type { Log } from "../observe/log.ts";
import type { AccountState, Account, FailureRecord } from "../pool/account.ts";
import type { AccountIdentity, AccountStore, StoredAccount } from "../store/account-store.ts";
import { StoreError } from "../store/store-error.ts";

/** What a session goes on with after a restart. */
export interface RememberedSession {
  readonly cookies: StoredCookies;
  /** Whether something beside the sign-in was configured otherwise then. */
  readonly isConfiguredAnew: boolean;
  /** Why it was not in use; undefined when nothing was wrong. */
  readonly verdict: FailureRecord | undefined;
}

/** A change of state is written after so long, together with those that came meanwhile. */
const WRITE_DELAY_MS = 500;
/** How often it is looked whether the state can be written. */
const LOOK_EVERY_MS = 10_000;
const NOTHING_WRONG = { state: "idle", reason: "", since: 0, nextTryAt: undefined, failuresInARow: 0 };

export interface AccountPersistenceOptions {
  /** How long what is stored of a removed identity is kept. */
  readonly keepRemovedMs: number;
  /** Tries to write where the store is. @throws when that fails; its message says what to do. */
  readonly tryWriting: () => Promise<unknown>;
  readonly lookEveryMs?: number;
}

/**
 * Keeps each identity's cookies, verdict and pace in the store, shortly after they changed. A store that fails costs no
 * request: the log says so once, and what is new is kept in memory until it can be written.
 */
export class AccountPersistence implements AsyncDisposable {
  readonly #store: AccountStore;
  readonly #log: Log;
  readonly #keepRemovedMs: number;
  readonly #tryWriting: () => Promise<unknown>;
  readonly #looking: NodeJS.Timeout;
  #inUse: readonly AccountIdentity[] | undefined;
  #problem: string | undefined;
  readonly #pending = new Map<string, { readonly identity: AccountIdentity; readonly account: Account }>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    store: AccountStore,
    log: Log,
    { keepRemovedMs, tryWriting, lookEveryMs = LOOK_EVERY_MS }: AccountPersistenceOptions,
  ) {
    this.#store = store;
    this.#log = log;
    this.#keepRemovedMs = keepRemovedMs;
    this.#tryWriting = tryWriting;
    this.#looking = setInterval(() => void this.#look(), lookEveryMs).unref();
  }

  /** Why the state cannot be stored at the moment, and what to do; undefined while it can. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** One that was altered costs its own identity's state. @throws StoreError when what is stored cannot be read. */
  async load(identity: AccountIdentity): Promise<RememberedSession | undefined> {
    const stored = await this.#store.load(identity).catch((cause: unknown) => {
      if (!(cause instanceof StoreError) || cause.code !== "seal_broken") throw cause;
      this.#log.error({ account: identity.id, reason: cause.message }, "it goes on from its configured cookie");
      return undefined;
    });
    if (!stored) return undefined;
    const { cookies, state, reason, since, nextTryAt, failuresInARow, isConfiguredAnew } = stored;
    const verdict = { state: state as AccountState, reason, since, nextTryAt, failuresInARow };
    return {
      cookies: JSON.parse(cookies) as StoredCookies,
      isConfiguredAnew,
      verdict: state === "idle" ? undefined : verdict,
    };
  }

  /**
   * When the identity sent lately, whichever cookie it had: the site counts for the account. Milliseconds since the epoch.
   * @throws StoreError when what is stored cannot be read.
   */
  sentAt(identity: AccountIdentity): Promise<readonly number[]> {
    return this.#store.sentAt(identity);
  }

  /** A state may change often and be lost for once. */
  changed(identity: AccountIdentity, account: Account): void {
    this.#pending.set(identity.signInKey, { identity, account });
    this.#timer ??= setTimeout(() => void this.flush(), WRITE_DELAY_MS).unref();
  }

  /** A token that holds once, and a request that the pace must count: written at once, since a kill may come at any time. */
  changedForGood(identity: AccountIdentity, account: Account): void {
    this.#pending.set(identity.signInKey, { identity, account });
    void this.flush();
  }

  /** Writes what has not been written yet. Never rejects. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#next(async () => {
      const due = [...this.#pending.values()];
      this.#pending.clear();
      for (const { identity, account } of due) await this.#write(identity, account);
    });
  }

  /** What is in use now; what else is stored is kept for its days, in case it comes back. Never rejects. */
  async keepInUse(accounts: readonly AccountIdentity[]): Promise<void> {
    this.#inUse = accounts;
    await this.#next(() => this.#writeInUse());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#looking);
    await this.flush();
    if (this.#pending.size > 0) {
      const accounts = [...this.#pending.values()].map(({ identity }) => identity.id);
      this.#log.error(
        { accounts, reason: this.#problem },
        "the gateway ends, and their newest sign-ins are not stored",
      );
    }
  }

  /** One write after the other. */
  #next(work: () => Promise<unknown>): Promise<void> {
    this.#writing = this.#writing.then(async () => void (await work()));
    return this.#writing;
  }

  async #write(identity: AccountIdentity, account: Account): Promise<void> {
    const cookies = JSON.stringify(account.session.authCookies.cookies);
    const stored: StoredAccount = {
      cookies,
      sentAt: account.rateLimiter.sentAt,
      ...(account.failure ?? NOTHING_WRONG),
    };
    const isStored = await this.#try(() => this.#store.save(identity, stored));
    if (!isStored && !this.#pending.has(identity.signInKey))
      this.#pending.set(identity.signInKey, { identity, account });
  }

  async #writeInUse(): Promise<void> {
    const accounts = this.#inUse;
    if (!accounts) return;
    const isStored = await this.#try(() => this.#store.reconcile(accounts, this.#keepRemovedMs));
    if (isStored && this.#inUse === accounts) this.#inUse = undefined;
  }

  /** Gives whether it was stored. */
  async #try(write: () => Promise<unknown>): Promise<boolean> {
    try {
      await write();
      return true;
    } catch (cause) {
      this.#fail((await this.#failure()) ?? reasonOf(cause));
      return false;
    }
  }

  /** A file system may become read-only, full or another user's while nothing is to be stored. */
  async #look(): Promise<void> {
    const failure = await this.#failure();
    if (failure !== undefined) return this.#fail(failure);
    if (this.#problem === undefined) return;
    await this.flush();
    await this.#next(() => this.#writeInUse());
    if (this.#pending.size > 0 || this.#inUse) return;
    this.#problem = undefined;
    this.#log.info("the state is stored again");
  }

  /** Why nothing can be written beside the store. */
  #failure(): Promise<string | undefined> {
    return this.#tryWriting().then(() => undefined, reasonOf);
  }

  #fail(reason: string): void {
    const isNew = this.#problem === undefined;
    this.#problem = reason;
    if (!isNew) return;
    this.#log.error(
      { reason },
      "the state was not stored; requests are answered, and what is new is kept in memory until it can be written: " +
        "a restart before that may sign accounts out",
    );
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
