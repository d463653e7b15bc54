import { sql, type Kysely } from "kysely";
import { DEFAULT_MIGRATION_TABLE, Migrator, type Migration } from "kysely/migration";

export interface AccountTable {
  /** `account:` and the keyed digest of the configured sign-in; `credential:` and the id where it is not known yet. */
  readonly key: string;
  readonly id: string;
  /** Keyed digest of all that is configured. */
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
  /** When it was taken out of the configuration, in milliseconds since the epoch; null while it is in use. */
  readonly removed_at: number | null;
}

/** The tables, as the last migration leaves them. */
export interface Schema {
  readonly account: AccountTable;
  /** One row: which SECRET_KEY seals this file's own key, and that one, sealed. */
  readonly seal: { readonly key_id: string; readonly data_key: string };
}

/** In the order of their names. One that was released is never changed: a further one follows it. */
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
      // The context that the cookies are sealed in has been this key all along.
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
};

/** Brings the schema up to date; throws what went wrong. */
export async function migrate(db: Kysely<Schema>): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve({ ...MIGRATIONS }) } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}

/** The migrations that a later version of the gateway has made here. */
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
