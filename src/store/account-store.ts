import type { Kysely } from "kysely";
import { columnsOf, lastTurnAt, whileOwned } from "./account-owner.ts";
import type { Database } from "./database.ts";
import type { AccountSource, AccountTable, Schema } from "./schema.ts";
import { Seal } from "./seal.ts";

export interface StoredAccount {
  /** The browser's newest cookies in Playwright's form, with rotated tokens; JSON. */
  readonly cookies: string;
  readonly state: string;
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** Milliseconds since the epoch. */
  readonly nextTryAt: number | undefined;
  readonly failuresInARow: number;
  /** When it sent recently; milliseconds since the epoch. */
  readonly sentAt: readonly number[];
}

/** What an account is found by: its sign-in. Its id may change, and so may the rest of its configuration. */
export interface AccountIdentity {
  readonly id: string;
  /** The cookies that keep it signed in, as they are configured. */
  readonly signInKey: string;
  /** Everything that is configured of it. */
  readonly cookie: string;
  /** Where it is configured; `settings` if not given. */
  readonly source?: AccountSource | undefined;
  /** Where replicas take accounts from each other: which of the times that it was taken this is. */
  readonly epoch?: number | undefined;
}

export interface LoadedAccount extends StoredAccount {
  /** Whether something other than the sign-in has been configured differently since this was saved. */
  readonly isConfiguredAnew: boolean;
}

/** A send is stored within this time after it was announced. */
const SAME_SEND_MS = 500;
/** The sources whose accounts are configured, so that the configuration says which of them are gone. */
const CONFIGURED: readonly AccountSource[] = ["settings", "file"];

/**
 * What a restart must not forget of each account. A row is found by the account's sign-in, so neither its place in a list
 * nor its id matters. Rows of removed accounts stay for a while. All methods throw StoreError only. A save that failed
 * leaves the row as it was, and the next one may succeed.
 */
export class AccountStore {
  readonly #database: Database;
  readonly #seal: Seal;
  /** Opens rows from before accounts were found by their sign-in. */
  readonly #legacySeal: Seal;
  /** In their order, so that what was saved last is what stays. */
  #saving: Promise<unknown> = Promise.resolve();

  constructor(database: Database, { dataKey, secretKey }: { readonly dataKey: Buffer; readonly secretKey: Buffer }) {
    this.#database = database;
    this.#seal = new Seal(dataKey);
    this.#legacySeal = new Seal(secretKey);
  }

  /** Undefined if nothing is stored for this sign-in. A row from before rows had a sign-in gets it now. */
  async load(account: AccountIdentity): Promise<LoadedAccount | undefined> {
    const key = this.keyOf(account);
    const row = (await this.#rowOf(key)) ?? (await this.#adopt(account, key));
    if (!row) return undefined;
    const { state, reason, since, next_try_at: nextTryAt, failures_in_a_row: failuresInARow } = row;
    const { clock } = this.#database;
    return {
      cookies: this.#seal.open(row.cookies, key),
      state,
      reason,
      since: clock.toLocal(since),
      nextTryAt: nextTryAt === null ? undefined : clock.toLocal(nextTryAt),
      failuresInARow,
      sentAt: this.#sentAtOf(row),
      isConfiguredAnew: row.configured !== this.#seal.digest(account.cookie, key),
    };
  }

  /** When the account sent recently, under any sign-in of its id; milliseconds since the epoch. */
  async sentAt(account: AccountIdentity): Promise<readonly number[]> {
    const key = this.keyOf(account);
    const rows = await this.#database.run((db) =>
      db
        .selectFrom("account")
        .select("sent_at")
        .where((where) => where.or([where("id", "=", account.id), where("key", "=", key)]))
        .execute(),
    );
    const sentAt = rows.flatMap((row) => this.#sentAtOf(row));
    if (account.epoch === undefined) return sentAt.toSorted((one, other) => one - other);
    // A replica that died may not have stored its last send.
    const turnAt = await this.#database.run((db) => lastTurnAt(db, { key, id: account.id }));
    const announcedAt = turnAt === undefined ? 0 : this.#database.clock.toLocal(turnAt);
    if (announcedAt > 0 && !sentAt.some((at) => at > announcedAt - SAME_SEND_MS)) sentAt.push(announcedAt);
    return sentAt.toSorted((one, other) => one - other);
  }

  /** False if another replica has taken the account since: nothing was stored then. */
  async save(account: AccountIdentity, stored: StoredAccount): Promise<boolean> {
    const key = this.keyOf(account);
    const { epoch } = account;
    const { clock } = this.#database;
    const values = {
      id: account.id,
      source: account.source ?? "settings",
      configured: this.#seal.digest(account.cookie, key),
      cookies: this.#seal.seal(stored.cookies, key),
      state: stored.state,
      reason: stored.reason,
      since: clock.toStored(stored.since),
      next_try_at: stored.nextTryAt === undefined ? null : clock.toStored(stored.nextTryAt),
      failures_in_a_row: stored.failuresInARow,
      sent_at: JSON.stringify(stored.sentAt.map((at) => clock.toStored(at))),
    };
    const row = { key, ...values };
    const saved = this.#saving.then(() =>
      this.#database.run((db) =>
        db
          .insertInto("account")
          .$if(epoch === undefined, (insert) => insert.values(row))
          .$if(epoch !== undefined, (insert) => insert.columns(columnsOf(row)).expression(whileOwned(db, row, epoch)))
          .onConflict((conflict) => conflict.column("key").doUpdateSet(values))
          .executeTakeFirstOrThrow(),
      ),
    );
    this.#saving = saved.catch(() => {});
    return (await saved).numInsertedOrUpdatedRows !== 0n;
  }

  /**
   * Marks the configured accounts that are gone, and deletes those that have been gone for `keepMs`. An account of the
   * console is deleted as soon as the console has it no more. Every row is marked or deleted by its own key: another process
   * may have added rows meanwhile. Returns how many were deleted.
   */
  async reconcile(configured: readonly AccountIdentity[], keepMs: number, localNowMs = Date.now()): Promise<number> {
    const nowMs = this.#database.clock.toStored(localNowMs);
    const inUse = new Set(configured.map((account) => this.keyOf(account)));
    return this.#database.run(async (db) => {
      const rows = await db
        .selectFrom("account")
        .select(["key", "removed_at"])
        .where("source", "in", CONFIGURED)
        .execute();
      const [used, unused] = [rows.filter(({ key }) => inUse.has(key)), rows.filter(({ key }) => !inUse.has(key))];
      const mark = async (some: readonly { readonly key: string }[], removedAt: number | null): Promise<void> => {
        if (some.length === 0) return;
        await db.updateTable("account").set({ removed_at: removedAt }).where("key", "in", keysOf(some)).execute();
      };
      await mark(used, null);
      // If the clock was set back since, the time begins anew.
      const gone = unused.filter(({ removed_at: at }) => at === null || at > nowMs);
      await mark(gone, nowMs);
      const removed = await removeFormer(db);
      const expired = unused.filter((row) => (gone.includes(row) ? nowMs : (row.removed_at ?? 0)) <= nowMs - keepMs);
      if (expired.length === 0) return removed;
      const { numDeletedRows } = await db
        .deleteFrom("account")
        .where("key", "in", keysOf(expired))
        .where("removed_at", "is not", null)
        .executeTakeFirstOrThrow();
      return removed + Number(numDeletedRows);
    });
  }

  #rowOf(key: string): Promise<AccountTable | undefined> {
    return this.#database.run((db) => db.selectFrom("account").selectAll().where("key", "=", key).executeTakeFirst());
  }

  /** Finds a row from before rows had a sign-in: its key holds the id, and its digest tells the configured cookie. */
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

  #sentAtOf({ sent_at: sentAt }: Pick<AccountTable, "sent_at">): readonly number[] {
    return (JSON.parse(sentAt) as number[]).map((at) => this.#database.clock.toLocal(at));
  }

  /** What its row is found by. */
  keyOf({ signInKey }: Pick<AccountIdentity, "signInKey">): string {
    return accountKey(this.#seal, signInKey);
  }
}

/** What an account's row is found by. It is also the context in which its cookies are sealed. */
export function accountKey(seal: Seal, signInKey: string): string {
  return `account:${seal.digest(signInKey, "sign-in")}`;
}

const LEGACY_PREFIX = "credential:";

/** Deletes what was stored of accounts that the console has no more. Returns how many there were. */
async function removeFormer(db: Kysely<Schema>): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom("account")
    .where("source", "=", "console")
    .where("key", "not in", (query) => query.selectFrom("console_account").select("key"))
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}

function keysOf(rows: readonly { readonly key: string }[]): string[] {
  return rows.map(({ key }) => key);
}
