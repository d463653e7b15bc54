import { sql, type Kysely } from "kysely";
import { DEFAULT_MIGRATION_TABLE, Migrator, type Migration } from "kysely/migration";
import { isPostgres, schemaOf } from "./migrations/engine.ts";
import { records } from "./migrations/006-records.ts";
import { cluster } from "./migrations/013-cluster.ts";
import { sharedByReplicas } from "./migrations/014-shared-by-replicas.ts";
import type { Schema } from "./schema.ts";

/** A number that no other lock of the gateway has. */
const MIGRATION_LOCK = 7_301_881_455;

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
  "006-records": records,
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
  "007-key-use": {
    async up(db) {
      await db.schema
        .createTable("key_use")
        .addColumn("key_id", "text", (column) => column.notNull())
        .addColumn("window", "text", (column) => column.notNull())
        .addColumn("used", "bigint", (column) => column.notNull())
        .addColumn("ends_at", "bigint", (column) => column.notNull())
        .addPrimaryKeyConstraint("key_use_key", ["key_id", "window"])
        .execute();
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
  "009-one-seal": {
    async up(db) {
      // Of two gateways that start at the same moment, one makes the key of the database.
      await sql`CREATE UNIQUE INDEX seal_once ON seal ((1))`.execute(db);
    },
  },
  "010-told-expiry": {
    async up(db) {
      await db.schema
        .createTable("told_expiry")
        .addColumn("account", "text", (column) => column.primaryKey())
        .addColumn("expires_at", "bigint", (column) => column.notNull())
        .execute();
    },
  },
  "011-changes": {
    async up(db) {
      await db.schema
        .createTable("change")
        .addColumn("topic", "text", (column) => column.primaryKey())
        .addColumn("version", "bigint", (column) => column.notNull())
        .execute();
      await db.schema
        .createTable("imported_account")
        .addColumn("key", "text", (column) => column.primaryKey())
        .execute();
      await db.schema
        .createTable("kept_secret")
        .addColumn("name", "text", (column) => column.primaryKey())
        .addColumn("sealed", "text", (column) => column.notNull())
        .execute();
    },
  },
  "012-key-running": {
    async up(db) {
      await db.schema
        .createTable("key_running")
        .addColumn("key_id", "text", (column) => column.primaryKey())
        .addColumn("holders", isPostgres(db) ? "jsonb" : "text", (column) => column.notNull())
        .execute();
    },
  },
  "013-cluster": cluster,
  "014-shared-by-replicas": sharedByReplicas,
};

/**
 * Brings the schema up to date; throws what went wrong. In PostgreSQL, replicas that start together do so one after the other:
 * by a lock that ends with the transaction, since the migrator's own lock would be lost in a pooler.
 */
export async function migrate(db: Kysely<Schema>): Promise<void> {
  if (!isPostgres(db)) return migrateIn(db);
  await db.transaction().execute(async (transaction) => {
    await sql`SELECT pg_advisory_xact_lock(${sql.lit(MIGRATION_LOCK)})`.execute(transaction);
    await migrateIn(transaction);
  });
}

async function migrateIn(db: Kysely<Schema>): Promise<void> {
  const provider = { getMigrations: () => Promise.resolve({ ...MIGRATIONS }) };
  const schema = await schemaOf(db);
  const migrator = new Migrator({ db, provider, ...(schema !== undefined && { migrationTableSchema: schema }) });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}

interface MadeMigrations {
  /** Those that only a later version of the gateway knows, or another program. */
  readonly unknown: readonly string[];
  /** Whether there are others too. */
  readonly hasKnown: boolean;
}

/** The migrations that were made in this database. */
export async function madeMigrations(db: Kysely<Schema>): Promise<MadeMigrations> {
  const schema = await schemaOf(db);
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some((table) => table.name === DEFAULT_MIGRATION_TABLE && table.schema === schema))
    return { unknown: [], hasKnown: false };
  const made = await db
    .withTables<{ [DEFAULT_MIGRATION_TABLE]: { name: string } }>()
    .selectFrom(DEFAULT_MIGRATION_TABLE)
    .select("name")
    .execute();
  const unknown = made.map(({ name }) => name).filter((name) => !Object.hasOwn(MIGRATIONS, name));
  return { unknown, hasKnown: unknown.length < made.length };
}
