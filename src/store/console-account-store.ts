import { accountKey } from "./account-store.ts";
import type { Database } from "./database.ts";
import { Seal } from "./seal.ts";
import { StoreError } from "./store-error.ts";

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
    const { id, cookie, proxy, site } = account;
    const secrets: Secrets = { cookie, proxy, site };
    const values = {
      id,
      key: accountKey(this.#seal, account.signInKey),
      sealed: this.#seal.seal(JSON.stringify(secrets), contextOf(id)),
      changed_at: nowMs,
    };
    await this.#database.run(async (db) => {
      if (before !== undefined) {
        await db.updateTable("console_account").set(values).where("id", "=", before).execute();
        return;
      }
      const added = { ...values, created_at: nowMs };
      await db.insertInto("console_account").values(added).execute();
    });
  }

  async remove(id: string): Promise<void> {
    await this.#database.run((db) => db.deleteFrom("console_account").where("id", "=", id).execute());
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

/** A sealed account opens under its own id only. */
function contextOf(id: string): string {
  return `console account:${id}`;
}
