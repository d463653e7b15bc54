import type { Log } from "../observe/log.ts";
import type { AccountEvent } from "../pool/account-event.ts";
import type { Account } from "../pool/account.ts";
import { batches } from "../process/batches.ts";
import type { AccountStore } from "../store/account-store.ts";
import { ACCOUNTS_AT_ONCE, type AccountIdentity } from "../store/stored-account.ts";
import { StoreError } from "../store/store-error.ts";
import { sessionOf, storedOf, type Remembered } from "./remembered.ts";
import { WrittenStates } from "./written-states.ts";

/** How long a change of state waits before it is written, together with later ones. */
const WRITE_DELAY_MS = 500;
/** How often it is checked whether the state can be written. */
const CHECK_EVERY_MS = 10_000;

export interface AccountPersistenceOptions {
  /** How long the state of a removed account is kept. */
  readonly keepRemovedMs: number;
  /** Tries to write where the store is. @throws when that fails; its message says what to do. */
  readonly tryWriting: () => Promise<unknown>;
  /** How often it is checked whether the state can be stored; 10 s unless given. */
  readonly checkStateEveryMs?: number | undefined;
}

interface Tracked {
  readonly identity: AccountIdentity;
  readonly account: Account;
}

/**
 * Stores each account's cookies, failure and recent sends soon after they change. A store that fails costs no request: the
 * log says so once, and what is new is kept in memory until it can be written.
 */
export class AccountPersistence implements AsyncDisposable {
  readonly #store: AccountStore;
  readonly #log: Log;
  readonly #keepRemovedMs: number;
  readonly #tryWriting: () => Promise<unknown>;
  readonly #checking: NodeJS.Timeout;
  /** The accounts whose events are stored, by id. */
  readonly #tracked = new Map<string, Tracked>();
  /** What has changed and is not written yet, by sign-in. */
  readonly #pending = new Map<string, Tracked>();
  #written = new WrittenStates();
  /** Which accounts are in use, until that is written. */
  #inUse: readonly AccountIdentity[] | undefined;
  #problem: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    store: AccountStore,
    log: Log,
    { keepRemovedMs, tryWriting, checkStateEveryMs = CHECK_EVERY_MS }: AccountPersistenceOptions,
  ) {
    this.#store = store;
    this.#log = log;
    this.#keepRemovedMs = keepRemovedMs;
    this.#tryWriting = tryWriting;
    this.#checking = setInterval(() => void this.#check(), checkStateEveryMs).unref();
  }

  /** Why the state cannot be stored at the moment, and what to do; undefined while it can. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /**
   * What is known of each account, in their order; `ACCOUNTS_AT_ONCE` at most. A stored row that was altered costs that account
   * its state only. @throws StoreError when the store cannot be read.
   */
  async recall(identities: readonly AccountIdentity[]): Promise<readonly Remembered[]> {
    const recalled = await this.#store.recall(identities);
    return recalled.map(({ stored, sentAt }, index) => {
      if (!(stored instanceof StoreError)) return { session: stored && sessionOf(stored), sentAt };
      this.#log.error(
        { account: identities[index]?.id, reason: stored.message },
        "it goes on from its configured cookie",
      );
      return { session: undefined, sentAt };
    });
  }

  /** Stores what happens to the account from now on. */
  track(identity: AccountIdentity, account: Account): void {
    this.#tracked.set(identity.id, { identity, account });
  }

  /** Stores all anew, soon: a database that was lost may have lost what it had confirmed, as a standby in its place has. */
  distrustStore(): void {
    this.#written = new WrittenStates();
    for (const tracked of this.#tracked.values()) this.#pending.set(tracked.identity.signInKey, tracked);
    this.#timer ??= setTimeout(() => void this.flush(), WRITE_DELAY_MS).unref();
  }

  /** Stores the account's last state; what happens to it later is not stored. Never rejects. */
  async release(id: string): Promise<void> {
    const tracked = this.#tracked.get(id);
    this.#tracked.delete(id);
    if (tracked) this.#pending.set(tracked.identity.signInKey, tracked);
    await this.flush();
  }

  onEvent({ kind, accountId }: AccountEvent): void {
    const tracked = this.#tracked.get(accountId);
    if (!tracked || kind === "page_lost" || kind === "cookie_refused") return;
    this.#pending.set(tracked.identity.signInKey, tracked);
    // A state changes often, and one that is lost does little harm. A token that works once, or a request that the rate
    // limit must count, is written at once, since the process may be killed at any time.
    if (kind === "state") this.#timer ??= setTimeout(() => void this.flush(), WRITE_DELAY_MS).unref();
    else void this.flush();
  }

  /** Writes what has not been written yet. Gives whether all of it could be written. Never rejects. */
  async flush(): Promise<boolean> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    let isStored = true;
    await this.#next(async () => {
      const due = [...this.#pending.values()];
      this.#pending.clear();
      for (const some of batches(due, ACCOUNTS_AT_ONCE)) if (!(await this.#write(some))) isStored = false;
    });
    return isStored;
  }

  /** Marks these accounts as in use. The state of others is kept for a while, in case they come back. Never rejects. */
  async keepInUse(accounts: readonly AccountIdentity[]): Promise<void> {
    this.#inUse = accounts;
    await this.#next(() => this.#writeInUse());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#checking);
    if (await this.flush()) return;
    const accounts = [...this.#pending.values()].map(({ identity }) => identity.id);
    this.#log.error({ accounts, reason: this.#problem }, "the gateway ends, and their newest sign-ins are not stored");
  }

  /** One write after the other. */
  #next(work: () => Promise<unknown>): Promise<void> {
    this.#writing = this.#writing.then(async () => void (await work()));
    return this.#writing;
  }

  /** Returns whether it was stored. */
  async #write(due: readonly Tracked[]): Promise<boolean> {
    const news = due.map((tracked) => ({ ...tracked, stored: storedOf(tracked.account) }));
    const changed = news.filter(({ account, stored }) => !this.#written.has(account, stored));
    if (changed.length === 0) return true;
    const isStored = await this.#try(async () => {
      const saves = changed.map(({ identity: account, stored }) => ({ account, stored }));
      const others = new Set(await this.#store.saveAll(saves));
      for (const { identity, account, stored } of changed) {
        if (!others.has(identity)) this.#written.note(account, stored);
        // What the replica stores that has it now is newer.
        else this.#log.warn({ account: identity.id }, "not stored: another replica has the account");
      }
    });
    for (const { identity, account } of isStored ? [] : changed) {
      if (!this.#pending.has(identity.signInKey)) this.#pending.set(identity.signInKey, { identity, account });
    }
    return isStored;
  }

  async #writeInUse(): Promise<void> {
    const accounts = this.#inUse;
    if (!accounts) return;
    const isStored = await this.#try(() => this.#store.reconcile(accounts, this.#keepRemovedMs));
    if (isStored && this.#inUse === accounts) this.#inUse = undefined;
  }

  /** Returns whether it was stored. */
  async #try(write: () => Promise<unknown>): Promise<boolean> {
    try {
      await write();
      return true;
    } catch (cause) {
      this.#fail((await this.#writeFailure()) ?? reasonOf(cause));
      return false;
    }
  }

  /** Finds a file system that became read-only or full while nothing was stored. */
  async #check(): Promise<void> {
    const failure = await this.#writeFailure();
    if (failure !== undefined) return this.#fail(failure);
    await this.flush();
    await this.#next(() => this.#writeInUse());
    // On a slow machine another check may have ended first.
    if (this.#pending.size > 0 || this.#inUse || this.#problem === undefined) return;
    this.#problem = undefined;
    this.#log.info("the state is stored again");
  }

  /** Why nothing can be written where the store is; undefined when it can. */
  #writeFailure(): Promise<string | undefined> {
    return this.#tryWriting().then(() => undefined, reasonOf);
  }

  #fail(reason: string): void {
    const isNew = this.#problem === undefined;
    this.#problem = reason;
    if (!isNew) return;
    this.distrustStore();
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
