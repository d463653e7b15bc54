import { existsSync } from "node:fs";
import { sql, type Kysely } from "kysely";
import type { Database } from "./database.ts";
import { claimKey, sealDataKey } from "./key-claim.ts";
import { refuseWhileServed } from "./other-gateways.ts";
import { PostgresDatabase } from "./postgres-database.ts";
import { COMMAND_NAME } from "./postgres-pool.ts";
import type { AccountTable, Schema } from "./schema.ts";
import { keyFrom, obtainSecretKey, secretKeyPath } from "./secret-key.ts";
import { SqliteFile } from "./sqlite-file.ts";
import { StoreError } from "./store-error.ts";
import type { StoreOptions } from "./store.ts";

/** Copying may take as long as this. */
const MOVE_LIMIT_MS = 3_600_000;
const ROWS_AT_ONCE = 500;

/** What holds only while replicas run, or is made anew. */
type Momentary = "seal" | "change" | "key_running" | "console_session" | "account_owner";

/** What is copied, each table in the order of these columns. The key is sealed anew. */
const TABLES = {
  account: ["key"],
  api_key: ["id"],
  console_account: ["id"],
  key_use: ["key_id", "window"],
  told_expiry: ["account"],
  imported_account: ["key"],
  kept_secret: ["name"],
  request: ["seq"],
  usage_minute: ["at", "key_id", "account", "model"],
  usage_hour: ["at", "key_id", "account", "model"],
  usage_day: ["at", "key_id", "account", "model"],
  event: ["id"],
} as const satisfies {
  readonly [Table in Exclude<keyof Schema, Momentary>]: readonly (keyof Schema[Table])[];
};
const NAMES = Object.keys(TABLES) as (keyof typeof TABLES)[];
/** Their rows are numbered by the database. */
const NUMBERED = { request: "seq", event: "id" } as const;

export interface Move extends StoreOptions {
  readonly to: "postgres" | "sqlite";
  readonly secretKey: string;
  readonly databaseUrl: string;
}

/** What was copied, and where it is now. */
export interface Moved {
  readonly rows: number;
  readonly place: string;
}

/**
 * Copies everything that is stored from STATE_DIR to PostgreSQL, or back, in one transaction. SECRET_KEY seals it there. What
 * was copied stays where it was. @throws StoreError for a target that is not empty, and while a gateway uses one of them.
 */
export async function moveStore({ to, stateDir, secretKey, databaseUrl, directUrl }: Move): Promise<Moved> {
  const limits = { answerLimitMs: MOVE_LIMIT_MS };
  await using file = await SqliteFile.open(stateDir, limits);
  const address = { databaseUrl, directUrl, applicationName: COMMAND_NAME };
  await using server = await PostgresDatabase.open(address, limits);
  const [source, target]: readonly Database[] = to === "postgres" ? [file, server] : [server, file];
  if (!source || !target) throw new Error("There are two.");
  await refuseWhileServed(server);
  if (!(await hasRows(source))) throw new StoreError("move_refused", `${source.place} holds nothing to move.`);
  const dataKey = await dataKeyOf(source, { stateDir, secretKey });
  const rows = await target.run((db) =>
    db.transaction().execute(async (transaction) => {
      if (target === server) await sql`LOCK TABLE seal IN ACCESS EXCLUSIVE MODE`.execute(transaction);
      await refuseFilled(target, transaction);
      await sealDataKey(transaction, keyFrom(secretKey, "SECRET_KEY"), dataKey);
      let copied = 0;
      for (const name of NAMES) copied += await copy(name, source, { target, transaction });
      if (target === server) await numberOn(transaction);
      return copied;
    }),
  );
  return { rows, place: target.place };
}

async function refuseFilled(target: Database, db: Kysely<Schema>): Promise<void> {
  const seal = await db.selectFrom("seal").select("key_id").executeTakeFirst();
  if (!seal && !(await anyRow(db))) return;
  const advice = target.isShared
    ? "Name an empty database in DATABASE_URL."
    : "Move it away first, with its -wal file.";
  throw new StoreError("move_refused", `${target.place} is not empty: nothing was copied. ${advice}`);
}

function hasRows(database: Database): Promise<boolean> {
  return database.run(anyRow);
}

async function anyRow(db: Kysely<Schema>): Promise<boolean> {
  for (const name of NAMES) {
    const row = await db
      .selectFrom(name as "account")
      .select(sql`1`.as("one"))
      .limit(1)
      .executeTakeFirst();
    if (row) return true;
  }
  return false;
}

/** The database's own key, which SECRET_KEY opens, or the key in STATE_DIR where there was no SECRET_KEY so far. */
async function dataKeyOf(
  source: Database,
  { stateDir, secretKey }: { readonly stateDir: string; readonly secretKey: string },
): Promise<Buffer> {
  try {
    return await claimKey(source, keyFrom(secretKey, "SECRET_KEY"));
  } catch (cause) {
    const isOther = cause instanceof StoreError && cause.code === "seal_broken" && !source.isShared;
    if (!isOther || !existsSync(secretKeyPath(stateDir))) throw cause;
    return claimKey(source, await obtainSecretKey(stateDir));
  }
}

interface Destination {
  readonly target: Database;
  readonly transaction: Kysely<Schema>;
}

/** Returns how many rows there were. */
async function copy(name: keyof typeof TABLES, source: Database, to: Destination): Promise<number> {
  // The tables differ, and what is done with each is the same.
  const table = name as "account";
  const order = TABLES[table];
  for (let count = 0; ;) {
    const offset = count;
    const rows = await source.run((db) => {
      const query = db.selectFrom(table).selectAll().limit(ROWS_AT_ONCE).offset(offset);
      return order.reduce((ordered, column) => ordered.orderBy(column), query).execute();
    });
    const inTargetsTime = name === "account" ? rows.map((row) => atTarget(row, source, to.target)) : rows;
    if (rows.length > 0) await to.transaction.insertInto(table).values(inTargetsTime).execute();
    count += rows.length;
    if (rows.length < ROWS_AT_ONCE) return count;
  }
}

/** The clock of a database server may differ from this machine's. */
function atTarget(row: AccountTable, source: Database, target: Database): AccountTable {
  const moved = (at: number): number => target.clock.toStored(source.clock.toLocal(at));
  return {
    ...row,
    since: moved(row.since),
    next_try_at: row.next_try_at === null ? null : moved(row.next_try_at),
    removed_at: row.removed_at === null ? null : moved(row.removed_at),
    sent_at: JSON.stringify((JSON.parse(row.sent_at) as number[]).map(moved)),
  };
}

/** New rows get numbers after those that were copied. */
async function numberOn(db: Kysely<Schema>): Promise<void> {
  for (const [table, column] of Object.entries(NUMBERED)) {
    const last = sql`(SELECT coalesce(max(${sql.ref(column)}), 0) + 1 FROM ${sql.table(table)})`;
    await sql`SELECT setval(pg_get_serial_sequence(${table}, ${column}), ${last}, false)`.execute(db);
  }
}
