import { withTimeout } from "../process/with-timeout.ts";
import { RECORD_TABLES } from "./record-tables.ts";
import { SqliteThread } from "./sqlite-thread.ts";
import { REMEDY, StoreError } from "./store-error.ts";

/** SQLite's `application_id` of the gateway's files: "GPTO". */
export const APPLICATION_ID = 0x47_50_54_4f;
/** SQLite looks through tables, and a slow disk needs its time for that. */
const OPEN_LIMIT_MS = 60_000;
const RECORDS: ReadonlySet<string> = new Set(RECORD_TABLES);

/** Opens and locks the file in a thread of its own. @throws StoreError if it is damaged, foreign or in use. */
export async function openSqlite(path: string): Promise<SqliteThread> {
  await using opened = new AsyncDisposableStack();
  const thread = opened.use(new SqliteThread(path));
  await withTimeout(prepare(thread, path), OPEN_LIMIT_MS, () => {
    throw new StoreError("store_unavailable", `${path} did not open within ${OPEN_LIMIT_MS / 1000} seconds.`);
  });
  opened.move();
  return thread;
}

async function prepare(thread: SqliteThread, path: string): Promise<void> {
  // This lock outlasts its transaction. It also keeps the index of the WAL in memory, so there is no -shm file.
  for (const sql of ["PRAGMA locking_mode = EXCLUSIVE", "BEGIN EXCLUSIVE", "COMMIT"]) await thread.query(sql);
  await refuseForeign(thread, path);
  await refuseDamaged(thread, path);
  for (const sql of ["PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL"]) await thread.query(sql);
}

async function refuseForeign(thread: SqliteThread, path: string): Promise<void> {
  const id = await valueOf(thread, "PRAGMA application_id");
  const isEmpty = (await valueOf(thread, "SELECT count(*) FROM sqlite_schema")) === 0;
  if (id === APPLICATION_ID || (id === 0 && isEmpty)) return;
  throw new StoreError("store_foreign", `${path} is another program's database. ${REMEDY}`);
}

/**
 * Looks through the tables that serving needs. Records may be hundreds of megabytes, and damage there costs no answer: the
 * recorder finds it.
 */
async function refuseDamaged(thread: SqliteThread, path: string): Promise<void> {
  const { rows } = await thread.query("SELECT name FROM sqlite_schema WHERE type = 'table'");
  const names = rows.map((row) => String(Object.values(row ?? {})[0])).filter((name) => !RECORDS.has(name));
  for (const name of names) {
    const finding = await valueOf(thread, `PRAGMA quick_check("${name}")`);
    if (finding === "ok") continue;
    const reason = String(finding).replaceAll("\n", " ");
    throw new StoreError("store_damaged", `${path} is damaged (${reason}). ${REMEDY}`);
  }
}

async function valueOf(thread: SqliteThread, query: string): Promise<unknown> {
  const { rows } = await thread.query(query);
  return Object.values(rows[0] ?? {})[0];
}
