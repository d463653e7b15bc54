import { Database } from "./database.ts";
import { claimKey } from "./key-claim.ts";
import type { AccountTable } from "./migrations.ts";
import { Seal } from "./seal.ts";

export interface StoredAccount {
  /** The browser's cookies in Playwright's form as they last were, rotated tokens included; JSON. */
  readonly cookies: string;
  readonly state: string;
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** Milliseconds since the epoch. */
  readonly nextTryAt: number | undefined;
  readonly failuresInARow: number;
  /** When it sent lately; milliseconds since the epoch. */
  readonly sentAt: readonly number[];
}

/** What an account is found by: its sign-in. The id may change, and so may the rest of what is configured. */
export interface AccountIdentity {
  readonly id: string;
  /** The cookies that keep it signed in, as they are configured. */
  readonly signInKey: string;
  /** All that is configured of it. */
  readonly cookie: string;
}

export interface LoadedAccount extends StoredAccount {
  /** Whether something beside the sign-in is configured otherwise than when this was saved. */
  readonly isConfiguredAnew: boolean;
}

/**
 * What a restart must not forget of each account, by its sign-in, so that neither its place in a list nor its id matters.
 * Rows of removed accounts stay for a while. All methods throw StoreError only; a save that failed leaves what was stored
 * as it was, and the next one may succeed.
 */
export class AccountStore implements AsyncDisposable {
  readonly #database: Database;
  readonly #seal: Seal;
  /** What rows from before accounts were known by their sign-in are sealed with. */
  readonly #legacySeal: Seal;

  private constructor(database: Database, dataKey: Buffer, secretKey: Buffer) {
    this.#database = database;
    this.#seal = new Seal(dataKey);
    this.#legacySeal = new Seal(secretKey);
  }

  /** @throws StoreError `seal_broken` when another key seals what is there. */
  static async open(stateDir: string, secretKey: Buffer): Promise<AccountStore> {
    await using opened = new AsyncDisposableStack();
    const database = opened.use(await Database.open(stateDir));
    const dataKey = await claimKey(database, secretKey);
    opened.move();
    return new AccountStore(database, dataKey, secretKey);
  }

  /** Undefined when nothing is stored of this sign-in. What was stored under a place or an id takes up its sign-in now. */
  async load(account: AccountIdentity): Promise<LoadedAccount | undefined> {
    const key = this.#keyOf(account);
    const row = (await this.#rowOf(key)) ?? (await this.#adopt(account, key));
    if (!row) return undefined;
    const { state, reason, since, next_try_at: nextTryAt, failures_in_a_row: failuresInARow } = row;
    return {
      cookies: this.#seal.open(row.cookies, key),
      state,
      reason,
      since,
      nextTryAt: nextTryAt ?? undefined,
      failuresInARow,
      sentAt: sentAtOf(row),
      isConfiguredAnew: row.configured !== this.#seal.digest(account.cookie, key),
    };
  }

  /** When the account sent lately, whichever sign-in its id had; milliseconds since the epoch. */
  async sentAt(account: AccountIdentity): Promise<readonly number[]> {
    const key = this.#keyOf(account);
    const rows = await this.#database.run((db) =>
      db
        .selectFrom("account")
        .select("sent_at")
        .where((where) => where.or([where("id", "=", account.id), where("key", "=", key)]))
        .execute(),
    );
    return rows.flatMap(sentAtOf).toSorted((one, other) => one - other);
  }

  async save(account: AccountIdentity, stored: StoredAccount): Promise<void> {
    const key = this.#keyOf(account);
    const values = {
      id: account.id,
      configured: this.#seal.digest(account.cookie, key),
      cookies: this.#seal.seal(stored.cookies, key),
      state: stored.state,
      reason: stored.reason,
      since: stored.since,
      next_try_at: stored.nextTryAt ?? null,
      failures_in_a_row: stored.failuresInARow,
      sent_at: JSON.stringify(stored.sentAt),
    };
    await this.#database.run((db) =>
      db
        .insertInto("account")
        .values({ key, ...values })
        .onConflict((conflict) => conflict.column("key").doUpdateSet(values))
        .execute(),
    );
  }

  /**
   * Marks which accounts are in use, and forgets those that have not been for `keepMs`.
   * Gives how many were forgotten.
   */
  async keepInUse(accounts: readonly AccountIdentity[], keepMs: number, nowMs = Date.now()): Promise<number> {
    const keys = accounts.map((account) => this.#keyOf(account));
    return this.#database.run(async (db) => {
      const inUse = db.updateTable("account").set({ removed_at: null }).where("removed_at", "is not", null);
      if (keys.length > 0) await inUse.where("key", "in", keys).execute();
      const isRemoved = db.updateTable("account").set({ removed_at: nowMs });
      // A clock that was set back meanwhile makes nothing stay longer.
      const unmarked = isRemoved.where((where) =>
        where.or([where("removed_at", "is", null), where("removed_at", ">", nowMs)]),
      );
      await (keys.length === 0 ? unmarked : unmarked.where("key", "not in", keys)).execute();
      const { numDeletedRows } = await db
        .deleteFrom("account")
        .where("removed_at", "<=", nowMs - keepMs)
        .executeTakeFirstOrThrow();
      return Number(numDeletedRows);
    });
  }

  /** @throws StoreError when the file is not where it was opened. */
  assertInPlace(): Promise<void> {
    return this.#database.assertInPlace();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#database[Symbol.asyncDispose]();
  }

  #rowOf(key: string): Promise<AccountTable | undefined> {
    return this.#database.run((db) => db.selectFrom("account").selectAll().where("key", "=", key).executeTakeFirst());
  }

  /** A row from before accounts were known by their sign-in: its key has the id, and tells which cookie it grew from. */
  async #adopt(account: AccountIdentity, key: string): Promise<AccountTable | undefined> {
    const rows = await this.#database.run((db) =>
      db.selectFrom("account").selectAll().where("key", "like", `${LEGACY_PREFIX}%`).execute(),
    );
    const row = rows.find((one) => one.configured === this.#legacySeal.digest(account.cookie, one.key));
    if (!row) return undefined;
    const cookies = this.#seal.seal(this.#legacySeal.open(row.cookies, row.key), key);
    const configured = this.#seal.digest(account.cookie, key);
    const adopted = { ...row, key, id: account.id, cookies, configured };
    await this.#database.run((db) =>
      db.updateTable("account").set({ key, id: account.id, cookies, configured }).where("key", "=", row.key).execute(),
    );
    return adopted;
  }

  /** Also the context that its cookies are sealed in. */
  #keyOf({ signInKey }: AccountIdentity): string {
    return `account:${this.#seal.digest(signInKey, "sign-in")}`;
  }
}

const LEGACY_PREFIX = "credential:";

function sentAtOf(row: { readonly sent_at: string }): readonly number[] {
  return JSON.parse(row.sent_at) as number[];
}
