import type { Kysely } from "kysely";
import { DEFAULT_MIGRATION_TABLE, Migrator, type Migration } from "kysely/migration";

interface CredentialTable {
  readonly id: string;
  /** Keyed digest of the configured cookie. */
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
}

/** The tables, as the last migration leaves them. */
export interface Schema {
  readonly credential: CredentialTable;
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
