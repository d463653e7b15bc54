import { sql, type CreateTableBuilder, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";
import { isPostgres } from "./engine.ts";

const USAGE_SUMS = [
  "requests",
  "failed",
  "prompt_tokens",
  "completion_tokens",
  "reasoning_tokens",
  "queue_ms",
  "duration_ms",
  "first_token_ms",
  "first_tokens",
] as const;
const REQUEST_TIMES = [
  "queue_ms",
  "pace_ms",
  "lease_ms",
  "first_byte_ms",
  "stream_ms",
  "first_token_ms",
  "prompt_tokens",
  "completion_tokens",
  "reasoning_tokens",
] as const;

/** Requests, their sums, and what happened to accounts and settings. */
export const records: Migration = {
  async up(db) {
    await createRequests(db);
    for (const table of ["usage_minute", "usage_hour", "usage_day"]) await createUsage(db, table);
    await numbered(db, db.schema.createTable("event"), "id")
      .addColumn("at", "bigint", (column) => column.notNull())
      .addColumn("kind", "text", (column) => column.notNull())
      .addColumn("account", "text")
      .addColumn("actor", "text")
      .addColumn("summary", "text", (column) => column.notNull())
      .addColumn("before", "text")
      .addColumn("after", "text")
      .execute();
    await db.schema.createIndex("event_account").on("event").columns(["account", "id"]).execute();
    await db.schema.createIndex("event_kind").on("event").columns(["kind", "id"]).execute();
  },
};

async function createRequests(db: Kysely<unknown>): Promise<void> {
  const table = numbered(db, db.schema.createTable("request"), "seq")
    .addColumn("id", "text", (column) => column.notNull().unique())
    .addColumn("at", "bigint", (column) => column.notNull())
    .addColumn("key_id", "text", (column) => column.notNull())
    .addColumn("key_name", "text", (column) => column.notNull())
    .addColumn("account", "text")
    .addColumn("model", "text")
    .addColumn("method", "text", (column) => column.notNull())
    .addColumn("route", "text", (column) => column.notNull())
    .addColumn("status", "integer", (column) => column.notNull())
    .addColumn("code", "text")
    .addColumn("attempts", "integer")
    .addColumn("duration_ms", "integer", (column) => column.notNull());
  // The texts come last: SQLite reads them only if somebody asks for them.
  await addIntegers(table, REQUEST_TIMES, false).addColumn("prompt", "text").addColumn("answer", "text").execute();
  await db.schema.createIndex("request_at").on("request").columns(["at", "seq"]).execute();
}

async function createUsage(db: Kysely<unknown>, name: string): Promise<void> {
  const table = db.schema
    .createTable(name)
    .addColumn("at", "bigint", (column) => column.notNull())
    .addColumn("key_id", "text", (column) => column.notNull())
    .addColumn("account", "text", (column) => column.notNull())
    .addColumn("model", "text", (column) => column.notNull())
    .addColumn("key_name", "text", (column) => column.notNull());
  await addIntegers(table, USAGE_SUMS, true)
    .addPrimaryKeyConstraint(`${name}_key`, ["at", "key_id", "account", "model"])
    .$call((created) => (isPostgres(db) ? created : created.modifyEnd(sql`without rowid`)))
    .execute();
}

/** Rows get higher and higher numbers, and no number twice. */
function numbered(
  db: Kysely<unknown>,
  table: CreateTableBuilder<string>,
  name: string,
): CreateTableBuilder<string, string> {
  if (!isPostgres(db)) return table.addColumn(name, "integer", (column) => column.primaryKey().autoIncrement());
  return table.addColumn(name, "bigint", (column) => column.primaryKey().generatedByDefaultAsIdentity());
}

function addIntegers(
  table: CreateTableBuilder<string, string>,
  names: readonly string[],
  isRequired: boolean,
): CreateTableBuilder<string, string> {
  return names.reduce(
    (built, name) => built.addColumn(name, "bigint", (column) => (isRequired ? column.notNull() : column)),
    table,
  );
}
