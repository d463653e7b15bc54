import type { Kysely } from "kysely";
import { batches } from "../process/batches.ts";
import { accountKey } from "./account-row.ts";
import type { Database } from "./database.ts";
import type { ConsoleAccountTable, Schema } from "./schema.ts";
import { Seal } from "./seal.ts";
import { StoreError } from "./store-error.ts";
import { ACCOUNTS_AT_ONCE } from "./stored-account.ts";

/** What an operator gave through the admin API. All of it is secret but the site. */
export interface ConsoleAccount {
  readonly id: string;
  /** The cookies that keep it signed in, as they were pasted. */
  readonly signInKey: string;
  /** As it was pasted. */
  readonly cookie: string;
  readonly proxy: StoredProxy | undefined;
  /** The name of its site; undefined for the default site. */
  readonly site: string | undefined;
}

interface StoredProxy {
  readonly server: string;
  readonly signIn: { readonly username: string; readonly password: string } | undefined;
}

type Secrets = Omit<ConsoleAccount, "id" | "signInKey">;

interface Loaded {
  /** In the order in which they were added. */
  readonly accounts: readonly (Secrets & Pick<ConsoleAccount, "id">)[];
  /** The ids of rows that do not open, because somebody altered them. */
  readonly broken: readonly string[];
}

/** The accounts that were added through the admin API, sealed. All methods throw StoreError only. */
export class ConsoleAccountStore {
  readonly #database: Database;
  readonly #seal: Seal;

  constructor(database: Database, dataKey: Buffer) {
    this.#database = database;
    this.#seal = new Seal(dataKey);
  }

  /** Whether other gateways add and change accounts too. */
  get isShared(): boolean {
    return this.#database.isShared;
  }

  async load(): Promise<Loaded> {
    const rows = await this.#database.run((db) =>
      db.selectFrom("console_account").select(["id", "sealed"]).orderBy("created_at").orderBy("id").execute(),
    );
    const opened = rows.map(({ id, sealed }) => this.#open(id, sealed) ?? id);
    return {
      accounts: opened.filter((one) => typeof one !== "string"),
      broken: opened.filter((one) => typeof one === "string"),
    };
  }

  /** Stores an account, in place of the one with the id `before` if that is given. */
  async save(account: ConsoleAccount, before?: string, nowMs = Date.now()): Promise<void> {
    const row = this.#rowOf(account, accountKey(this.#seal, account.signInKey), nowMs);
    await this.#database.change("accounts", async (db) => {
      if (before !== undefined) {
        const { created_at: _kept, ...values } = row;
        await db.updateTable("console_account").set(values).where("id", "=", before).execute();
        return;
      }
      await db.insertInto("console_account").values(row).execute();
    });
  }

  /**
   * Stores accounts of the settings or the file, each once for ever: one that is removed later does not come back. Gives the ids
   * of those whose id another account has.
   */
  async import(accounts: readonly ConsoleAccount[], nowMs = Date.now()): Promise<readonly string[]> {
    const keyed = accounts.map((account) => ({ account, key: accountKey(this.#seal, account.signInKey) }));
    const known = await this.#database.run((db) => db.selectFrom("imported_account").select("key").execute());
    const keys = new Set(known.map(({ key }) => key));
    const added = keyed.filter(({ key }) => !keys.has(key));
    if (added.length === 0) return [];
    const rows = added.map(({ account, key }, index) => this.#rowOf(account, key, nowMs + index));
    // In one order: replicas that import at the same time wait for each other, and never in a circle.
    const sorted = rows.toSorted((one, other) => (one.key < other.key ? -1 : 1));
    const taken = new Set<string>();
    await this.#database.change("accounts", async (db) => {
      for (const some of batches(sorted, ACCOUNTS_AT_ONCE)) {
        for (const key of await importSome(db, some)) taken.add(key);
      }
    });
    return rows.filter(({ key }) => !taken.has(key)).map(({ id }) => id);
  }

  async remove(id: string): Promise<void> {
    await this.#database.change("accounts", (db) => db.deleteFrom("console_account").where("id", "=", id).execute());
  }

  #rowOf({ id, cookie, proxy, site }: ConsoleAccount, key: string, nowMs: number): ConsoleAccountTable {
    const secrets: Secrets = { cookie, proxy, site };
    const sealed = this.#seal.seal(JSON.stringify(secrets), contextOf(id));
    return { id, key, sealed, created_at: nowMs, changed_at: nowMs };
  }

  #open(id: string, sealed: string): Loaded["accounts"][number] | undefined {
    try {
      return { id, ...(JSON.parse(this.#seal.open(sealed, contextOf(id))) as Secrets) };
    } catch (cause) {
      if (cause instanceof StoreError && cause.code === "seal_broken") return undefined;
      throw cause;
    }
  }
}

/** Gives the keys of the accounts that are there now, by this call or before. */
async function importSome(db: Kysely<Schema>, rows: readonly ConsoleAccountTable[]): Promise<readonly string[]> {
  await db
    .insertInto("console_account")
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const given = rows.map(({ key }) => key);
  const stored = await db.selectFrom("console_account").select("key").where("key", "in", given).execute();
  if (stored.length === 0) return [];
  await db
    .insertInto("imported_account")
    .values(stored)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const keys = stored.map(({ key }) => key);
  // What is stored of them so far came from the settings or the file, which do not say any more whether they are in use.
  await db.updateTable("account").set({ source: "console", removed_at: null }).where("key", "in", keys).execute();
  return keys;
}

/** A sealed account opens under its own id only. */
function contextOf(id: string): string {
  return `console account:${id}`;
}
