import { sql, type Kysely } from "kysely";
import { DEFAULT_MIGRATION_TABLE, Migrator, type Migration } from "kysely/migration";

/** Who says that there is this account: GPTOMNI_CREDENTIALS, CREDENTIALS_FILE, or the admin API with its console. */
export type AccountSource = "settings" | "file" | "console";

export interface AccountTable {
  /** `account:` and the keyed digest of the configured sign-in, or `credential:` and the id if that is not known yet. */
  readonly key: string;
  readonly id: string;
  /** Keyed digest of everything that is configured. */
  readonly configured: string;
  /** Sealed. */
  readonly cookies: string;
  readonly state: string;
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** Milliseconds since the epoch. */
  readonly next_try_at: number | null;
  readonly failures_in_a_row: number;
  /** JSON list of milliseconds since the epoch. */
  readonly sent_at: string;
  /** When it was removed from its source, in milliseconds since the epoch; null while it is in use. */
  readonly removed_at: number | null;
  readonly source: AccountSource;
}

/** Times are milliseconds since the epoch. */
export interface ApiKeyTable {
  readonly id: string;
  /** No two keys in use have one name. */
  readonly name: string;
  /** SHA-256 of the secret, in hexadecimal digits. */
  readonly hash: string;
  readonly prefix: string;
  /** JSON object. */
  readonly limits: string;
  /** JSON list; null for all models. */
  readonly models: string | null;
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly last_used_at: number | null;
  readonly revoked_at: number | null;
}

/** An account that was added through the admin API. */
export interface ConsoleAccountTable {
  readonly id: string;
  /** As in the table of accounts: no sign-in is there twice. */
  readonly key: string;
  /** Its credential, proxy and site, sealed. */
  readonly sealed: string;
  /** Milliseconds since the epoch. */
  readonly created_at: number;
  readonly changed_at: number;
}

/** The tables, as the last migration leaves them. */
export interface Schema {
  readonly account: AccountTable;
  readonly api_key: ApiKeyTable;
  readonly console_account: ConsoleAccountTable;
  /** One row: which SECRET_KEY seals the database's own key, and that key, sealed. */
  readonly seal: { readonly key_id: string; readonly data_key: string };
}

/** In the order of their names. A released migration is never changed: another one follows it. */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  "001-credential": {
    async up(db) {
      await db.schema
        .createTable("credential")
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("configured", "text", (column) => column.notNull())
        .addColumn("cookies", "text", (column) => column.notNull())
        .addColumn("state", "text", (column) => column.notNull())
        .addColumn("reason", "text", (column) => column.notNull())
        .addColumn("since", "bigint", (column) => column.notNull())
        .addColumn("next_try_at", "bigint")
        .addColumn("failures_in_a_row", "integer", (column) => column.notNull())
        .execute();
    },
  },
  "002-sent-at": {
    async up(db) {
      await db.schema
        .alterTable("credential")
        .addColumn("sent_at", "text", (column) => column.notNull().defaultTo("[]"))
        .execute();
    },
  },
  "003-account": {
    async up(db) {
      await db.schema
        .createTable("account")
        .addColumn("key", "text", (column) => column.primaryKey())
        .addColumn("id", "text", (column) => column.notNull())
        .addColumn("configured", "text", (column) => column.notNull())
        .addColumn("cookies", "text", (column) => column.notNull())
        .addColumn("state", "text", (column) => column.notNull())
        .addColumn("reason", "text", (column) => column.notNull())
        .addColumn("since", "bigint", (column) => column.notNull())
        .addColumn("next_try_at", "bigint")
        .addColumn("failures_in_a_row", "integer", (column) => column.notNull())
        .addColumn("sent_at", "text", (column) => column.notNull())
        .addColumn("removed_at", "bigint")
        .execute();
      // The cookies were sealed in the context of this key from the beginning.
      await sql`
        INSERT INTO account
        SELECT 'credential:' || id, id, configured, cookies, state, reason, since, next_try_at, failures_in_a_row, sent_at, NULL
        FROM credential`.execute(db);
      await db.schema.dropTable("credential").execute();
      await db.schema
        .createTable("seal")
        .addColumn("key_id", "text", (column) => column.notNull())
        .addColumn("data_key", "text", (column) => column.notNull())
        .execute();
    },
  },
  "004-state-names": {
    async up(db) {
      for (const [before, after] of [
        ["cold", "idle"],
        ["resting", "rate_limited"],
        ["cooling", "cooldown"],
      ]) {
        await sql`UPDATE account SET state = ${after} WHERE state = ${before}`.execute(db);
      }
    },
  },
  "005-source": {
    async up(db) {
      // The rows so far are of configured accounts. The next save says which of the two sources it is.
      await db.schema
        .alterTable("account")
        .addColumn("source", "text", (column) => column.notNull().defaultTo("settings"))
        .execute();
    },
  },
  "007-api-key": {
    async up(db) {
      await db.schema
        .createTable("api_key")
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("name", "text", (column) => column.notNull())
        .addColumn("hash", "text", (column) => column.notNull().unique())
        .addColumn("prefix", "text", (column) => column.notNull())
        .addColumn("limits", "text", (column) => column.notNull())
        .addColumn("models", "text")
        .addColumn("created_at", "bigint", (column) => column.notNull())
        .addColumn("expires_at", "bigint")
        .addColumn("last_used_at", "bigint")
        .addColumn("revoked_at", "bigint")
        .execute();
      // The name of a revoked key is free again.
      await sql`CREATE UNIQUE INDEX api_key_name ON api_key (name) WHERE revoked_at IS NULL`.execute(db);
    },
  },
  "008-console-account": {
    async up(db) {
      await db.schema
        .createTable("console_account")
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("key", "text", (column) => column.notNull().unique())
        .addColumn("sealed", "text", (column) => column.notNull())
        .addColumn("created_at", "bigint", (column) => column.notNull())
        .addColumn("changed_at", "bigint", (column) => column.notNull())
        .execute();
    },
  },
};

/** Brings the schema up to date; throws what went wrong. */
export async function migrate(db: Kysely<Schema>): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve({ ...MIGRATIONS }) } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}

/** The migrations here that only a later version of the gateway knows. */
export async function unknownMigrations(db: Kysely<Schema>): Promise<string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === DEFAULT_MIGRATION_TABLE)) return [];
  const made = await db
    .withTables<{ [DEFAULT_MIGRATION_TABLE]: { name: string } }>()
    .selectFrom(DEFAULT_MIGRATION_TABLE)
    .select("name")
    .execute();
  return made.map(({ name }) => name).filter((name) => !Object.hasOwn(MIGRATIONS, name));
}
