import { createPool, type Pool } from "generic-pool";
import type { Account } from "./account.ts";

/** More accounts than any gateway has; the queue holds only those that were added. */
const MAX_ACCOUNTS = 1_000_000;

/**
 * The accounts that may be leased now, longest idle first; those with an open page and those that sleep apart.
 * generic-pool only stores idle sessions. A leased, resting or recovering one is simply not released yet, because
 * generic-pool retries a failing `create` without a pause and hangs on a failing `validate`.
 */
export class IdleSessions {
  readonly #open = new IdleQueue();
  readonly #asleep = new IdleQueue();

  /** How many have an open page. */
  get open(): number {
    return this.#open.length;
  }

  get asleep(): number {
    return this.#asleep.length;
  }

  /** Makes accounts known. Each is idle only after it was put here. */
  async add(accounts: readonly Account[]): Promise<void> {
    await Promise.all([this.#open.add(accounts), this.#asleep.add(accounts)]);
  }

  /** Removes a retired account for good. It must not be leased. */
  async remove(account: Account): Promise<void> {
    await Promise.all([this.#open.remove(account), this.#asleep.remove(account)]);
  }

  /** Takes back an account that is not in use. A retired one is dropped, and a held one goes to the operator. */
  async put(account: Account): Promise<void> {
    if (account.isRetired) return;
    if (account.isHeld) account.park();
    else await (account.session.isOpen ? this.#open : this.#asleep).put(account);
  }

  takeOpen(): Promise<Account | undefined> {
    return this.#open.take();
  }

  takeAsleep(): Promise<Account | undefined> {
    return this.#asleep.take();
  }

  /** Takes out the open ones that are due and acts on them; the others keep their order. */
  async eachOpen(isDue: (account: Account) => boolean, act: (account: Account) => Promise<void>): Promise<void> {
    await this.#each(this.#open, isDue, act);
  }

  /** The same for those that sleep. */
  async eachAsleep(isDue: (account: Account) => boolean, act: (account: Account) => Promise<void>): Promise<void> {
    await this.#each(this.#asleep, isDue, act);
  }

  /** Gives the held ones to the operator. */
  async parkHeld(): Promise<void> {
    for (const queue of [this.#open, this.#asleep]) {
      await this.#each(
        queue,
        (account) => account.isHeld,
        (account) => this.put(account),
      );
    }
  }

  async #each(
    queue: IdleQueue,
    isDue: (account: Account) => boolean,
    act: (account: Account) => Promise<void>,
  ): Promise<void> {
    for (let left = queue.length; left > 0; left -= 1) {
      const account = await queue.take();
      if (!account) return;
      if (isDue(account)) await act(account);
      else await this.put(account);
    }
  }
}

class IdleQueue {
  /** Accounts that were added and that generic-pool has not created yet. */
  readonly #uncreated: Account[] = [];
  readonly #known = new Set<Account>();
  readonly #pool: Pool<Account>;

  constructor() {
    const create = async (): Promise<Account> => {
      const account = this.#uncreated.shift();
      if (!account) throw new Error("generic-pool asked for an account that was not added");
      return account;
    };
    const factory = { create, destroy: async () => {} };
    this.#pool = createPool(factory, { max: MAX_ACCOUNTS, fifo: true, autostart: false });
  }

  get length(): number {
    return this.#pool.available;
  }

  /** generic-pool creates only when nothing is available, so everything is taken out first and put back in order. */
  async add(accounts: readonly Account[]): Promise<void> {
    const others = await this.#takeAll();
    this.#uncreated.push(...accounts);
    for (const account of accounts) {
      await this.#pool.acquire();
      this.#known.add(account);
    }
    for (const other of others) await this.#pool.release(other);
  }

  /** generic-pool destroys only what is acquired. All that are retired by now go at once: each time, all are taken out. */
  async remove(account: Account): Promise<void> {
    if (!this.#known.has(account)) return;
    const all = await this.#takeAll();
    for (const other of all.filter((one) => !one.isRetired)) await this.#pool.release(other);
    for (const gone of new Set([account, ...all.filter((one) => one.isRetired)])) {
      this.#known.delete(gone);
      await this.#pool.destroy(gone);
    }
  }

  async take(): Promise<Account | undefined> {
    return this.#pool.available > 0 ? this.#pool.acquire() : undefined;
  }

  async put(account: Account): Promise<void> {
    await this.#pool.release(account);
  }

  async #takeAll(): Promise<Account[]> {
    const accounts: Account[] = [];
    while (this.#pool.available > 0) accounts.push(await this.#pool.acquire());
    return accounts;
  }
}
