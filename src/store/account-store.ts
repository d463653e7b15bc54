import type { AccountName } from "./account-name.ts";
import { ACCOUNT_COLUMNS, announcedTurns, whileOwned, type OwnedRow } from "./account-owner.ts";
import { AccountRows, type AccountRow } from "./account-row.ts";
import { AccountTimes } from "./account-times.ts";
import type { Database } from "./database.ts";
import { forgetFormer } from "./former-accounts.ts";
import { adoptLegacy } from "./legacy-accounts.ts";
import { Seal } from "./seal.ts";
import { StoreError } from "./store-error.ts";
import type { AccountIdentity, AccountSave, LoadedAccount, RecalledAccount, StoredAccount } from "./stored-account.ts";

/** A send is stored within this time after it was announced. */
const SAME_SEND_MS = 500;

/**
 * What a restart must not forget of each account. A row is found by the account's sign-in, so neither its place in a list
 * nor its id matters. Rows of removed accounts stay for a while. All methods throw StoreError only. A save that failed
 * leaves the rows as they were, and the next one may succeed. `recall` and `saveAll` take `ACCOUNTS_AT_ONCE` at most.
 */
export class AccountStore {
  readonly #database: Database;
  readonly #rows: AccountRows;
  readonly #legacySeal: Seal;
  /** In their order, so that what was saved last is what stays. */
  #saving: Promise<unknown> = Promise.resolve();

  constructor(database: Database, { dataKey, secretKey }: { readonly dataKey: Buffer; readonly secretKey: Buffer }) {
    this.#database = database;
    this.#rows = new AccountRows(new Seal(dataKey), database.clock);
    this.#legacySeal = new Seal(secretKey);
  }

  /** Undefined if nothing is stored for this sign-in. @throws StoreError `seal_broken` if what is stored was altered. */
  async load(account: AccountIdentity): Promise<LoadedAccount | undefined> {
    const [recalled] = await this.recall([account]);
    if (recalled?.stored instanceof StoreError) throw recalled.stored;
    return recalled?.stored;
  }

  /** What is known of each account, in their order. */
  async recall(accounts: readonly AccountIdentity[]): Promise<readonly RecalledAccount[]> {
    const named = accounts.map((account) => ({ account, key: this.keyOf(account), id: account.id }));
    const rows = new Map((await this.#rowsOf(named)).map((row) => [row.key, row]));
    const unknown = named.filter(({ key }) => !rows.has(key)).map(({ account }) => account);
    const legacy = { database: this.#database, rows: this.#rows, seal: this.#legacySeal };
    for (const row of await adoptLegacy(legacy, unknown)) rows.set(row.key, row);
    const sends = new AccountTimes();
    for (const row of rows.values()) sends.add(row, this.#rows.sentAtOf(row));
    const turns = await this.#turnsOf(named);
    return named.map(({ account, key, id }) => {
      const row = rows.get(key);
      const sentAt = [...sends.of({ key, id })];
      // A replica that died may not have stored its last send.
      const announcedAt = Math.max(0, ...turns.of({ key, id }));
      if (announcedAt > 0 && !sentAt.some((at) => at > announcedAt - SAME_SEND_MS)) sentAt.push(announcedAt);
      return {
        stored: row && this.#rows.opened(account, row),
        sentAt: sentAt.toSorted((one, other) => one - other),
      };
    });
  }

  /** False if another replica has taken the account since: nothing was stored then. */
  async save(account: AccountIdentity, stored: StoredAccount): Promise<boolean> {
    return (await this.saveAll([{ account, stored }])).length === 0;
  }

  /** All or none; no sign-in twice. Gives those that were not stored, because another replica has taken them since. */
  async saveAll(saves: readonly AccountSave[]): Promise<readonly AccountIdentity[]> {
    const all = saves.map((save) => ({ account: save.account, row: this.#rows.rowOf(save) }));
    // In one order: replicas that store and take the same accounts wait for each other, and never in a circle.
    const sorted = all.toSorted((one, other) => (one.row.key < other.row.key ? -1 : 1));
    const alone = sorted.filter(({ account }) => account.epoch === undefined).map(({ row }) => row);
    const owned = sorted.flatMap(({ account: { epoch }, row }) => (epoch === undefined ? [] : [{ row, epoch }]));
    const saved = this.#saving.then(() => this.#insert(alone, owned));
    this.#saving = saved.catch(() => {});
    const stored = new Set(await saved);
    return all.filter(({ row }) => !stored.has(row.key)).map(({ account }) => account);
  }

  /**
   * Marks the configured accounts that are gone, and deletes those that have been gone for `keepMs`. An account of the
   * console is deleted as soon as the console has it no more. Returns how many were deleted.
   */
  async reconcile(configured: readonly AccountIdentity[], keepMs: number, localNowMs = Date.now()): Promise<number> {
    const nowMs = this.#database.clock.toStored(localNowMs);
    const inUse = new Set(configured.map((account) => this.keyOf(account)));
    return this.#database.run((db) => forgetFormer(db, inUse, { keepMs, nowMs }));
  }

  /** What its row is found by. */
  keyOf(account: Pick<AccountIdentity, "signInKey">): string {
    return this.#rows.keyOf(account);
  }

  /** Their rows, and those of their ids under other sign-ins. */
  async #rowsOf(named: readonly AccountName[]): Promise<AccountRow[]> {
    if (named.length === 0) return [];
    const keys = named.map(({ key }) => key);
    const ids = named.map(({ id }) => id);
    return this.#database.run((db) =>
      db
        .selectFrom("account")
        .select(ACCOUNT_COLUMNS)
        .where((where) => where.or([where("key", "in", keys), where("id", "in", ids)]))
        .execute(),
    );
  }

  async #turnsOf(named: readonly (AccountName & { readonly account: AccountIdentity })[]): Promise<AccountTimes> {
    const turns = new AccountTimes();
    const owned = named.filter(({ account }) => account.epoch !== undefined);
    const announced = owned.length > 0 ? await this.#database.run((db) => announcedTurns(db, owned)) : [];
    for (const { key, id, at } of announced) turns.add({ key, id }, [this.#database.clock.toLocal(at)]);
    return turns;
  }

  /** Gives the keys of those that were stored. */
  async #insert(alone: readonly AccountRow[], owned: readonly OwnedRow[]): Promise<string[]> {
    const stored: string[] = [];
    await this.#database.run(async (db) => {
      const insert = db
        .insertInto("account")
        .columns(ACCOUNT_COLUMNS)
        .returning("key")
        .onConflict((conflict) =>
          conflict
            .column("key")
            .doUpdateSet((update) =>
              Object.fromEntries(ACCOUNT_COLUMNS.map((name) => [name, update.ref(`excluded.${name}`)])),
            ),
        );
      const statements = [
        ...(alone.length > 0 ? [insert.values(alone)] : []),
        ...(owned.length > 0 ? [insert.expression(whileOwned(owned))] : []),
      ];
      for (const statement of statements) stored.push(...(await statement.execute()).map(({ key }) => key));
    });
    return stored;
  }
}
