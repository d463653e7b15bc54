import { createPool, type Pool } from "generic-pool";
import type { Account } from "./account.ts";

/** More than anybody has accounts; the real number is that of the accounts that were added. */
const MAX_ACCOUNTS = 1_000_000;

/**
 * The accounts that may be lent now, longest idle first: those whose page is open apart from those that sleep. generic-pool
 * keeps them; what is lent, rests or recovers is one that it was not given back, because it retries a failing `create`
 * without pause and hangs on a failing `validate`.
 */
export class IdleSessions {
  readonly #open = new IdleQueue();
  readonly #asleep = new IdleQueue();

  get open(): number {
    return this.#open.length;
  }

  get asleep(): number {
    return this.#asleep.length;
  }

  /** Makes an account known; it is off the shelf until it is put there. */
  async add(account: Account): Promise<void> {
    await Promise.all([this.#open.add(account), this.#asleep.add(account)]);
  }

  /** Lets a retired account go for good. It is lent to nobody at that time. */
  async remove(account: Account): Promise<void> {
    await Promise.all([this.#open.remove(account), this.#asleep.remove(account)]);
  }

  /** A retired account is not taken back. */
  async put(account: Account): Promise<void> {
    if (!account.isRetired) await (account.session.isOpen ? this.#open : this.#asleep).put(account);
  }

  takeOpen(): Promise<Account | undefined> {
    return this.#open.take();
  }

  takeAsleep(): Promise<Account | undefined> {
    return this.#asleep.take();
  }

  /** Takes the open ones that are due off the shelf and does something with them; the others keep their order. */
  async eachOpen(isDue: (account: Account) => boolean, act: (account: Account) => Promise<void>): Promise<void> {
    await this.#each(this.#open, isDue, act);
  }

  /** The same for those that sleep. */
  async eachAsleep(isDue: (account: Account) => boolean, act: (account: Account) => Promise<void>): Promise<void> {
    await this.#each(this.#asleep, isDue, act);
  }

  async #each(
    row: IdleQueue,
    isDue: (account: Account) => boolean,
    act: (account: Account) => Promise<void>,
  ): Promise<void> {
    for (let left = row.length; left > 0; left -= 1) {
      const account = await row.take();
      if (!account) return;
      if (isDue(account)) await act(account);
      else await this.put(account);
    }
  }
}

class IdleQueue {
  readonly #unclaimed: Account[] = [];
  readonly #pool: Pool<Account>;

  constructor() {
    const create = async (): Promise<Account> => {
      const account = this.#unclaimed.shift();
      if (!account) throw new Error("generic-pool asked for an account that nobody added");
      return account;
    };
    const factory = { create, destroy: async () => {} };
    this.#pool = createPool(factory, { max: MAX_ACCOUNTS, fifo: true, autostart: false });
  }

  get length(): number {
    return this.#pool.available;
  }

  /** generic-pool creates only when nothing is available, so what stands there is taken off and put back in its order. */
  async add(account: Account): Promise<void> {
    const standing = await this.#takeAll();
    this.#unclaimed.push(account);
    await this.#pool.acquire();
    for (const other of standing) await this.#pool.release(other);
  }

  /** generic-pool lets go of what is off it only. */
  async remove(account: Account): Promise<void> {
    for (const other of await this.#takeAll()) if (other !== account) await this.#pool.release(other);
    await this.#pool.destroy(account);
  }

  async take(): Promise<Account | undefined> {
    return this.#pool.available > 0 ? this.#pool.acquire() : undefined;
  }

  async put(account: Account): Promise<void> {
    await this.#pool.release(account);
  }

  async #takeAll(): Promise<Account[]> {
    const standing: Account[] = [];
    while (this.#pool.available > 0) standing.push(await this.#pool.acquire());
    return standing;
  }
}
