import { chmod, open, stat } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Kysely } from "kysely";
import { makeFolder } from "../config/make-folder.ts";
import { tightenFolder } from "../config/secret-file.ts";
import type { Database } from "./database.ts";
import { migrate, unknownMigrations, type Schema } from "./migrations.ts";
import { sqliteDialect } from "./sqlite-driver.ts";
import { sqliteError } from "./sqlite-error.ts";
import { REMEDY, StoreError } from "./store-error.ts";

const FILE_NAME = "gateway.sqlite";
const OWNER_ONLY = 0o600;
/** SQLite's `application_id` of the gateway's files: "GPTO". */
const APPLICATION_ID = 0x47_50_54_4f;
/** How long to wait for a gateway that still holds the file while it ends. */
const LOCK_TIMEOUT_MS = 1_000;

/**
 * `gateway.sqlite` in STATE_DIR. One process at a time holds it, by SQLite's own lock: the system frees the lock when the
 * process ends, however it ends.
 */
export class SqliteFile implements Database {
  readonly place: string;
  readonly #kysely: Kysely<Schema>;
  readonly #inode: string;

  private constructor(path: string, kysely: Kysely<Schema>, inode: string) {
    this.place = path;
    this.#kysely = kysely;
    this.#inode = inode;
  }

  /** Creates the file and its tables if needed. Refuses a file that is damaged, foreign, too new or in use. */
  static async open(stateDir: string): Promise<SqliteFile> {
    const path = join(stateDir, FILE_NAME);
    let sqlite: DatabaseSync | undefined;
    try {
      await keepForOwner(stateDir, path);
      sqlite = new DatabaseSync(path, { timeout: LOCK_TIMEOUT_MS, enableForeignKeyConstraints: true });
      // This lock outlasts its transaction. It also keeps the index of the WAL in memory, so there is no -shm file.
      sqlite.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT");
      refuseForeign(sqlite, path);
      refuseDamaged(sqlite, path);
      sqlite.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
      const kysely = new Kysely<Schema>({ dialect: sqliteDialect(sqlite) });
      await refuseTooNew(kysely, path);
      // Kysely makes no transaction for SQLite's migrations. With this one, a killed start leaves nothing half done.
      sqlite.exec("BEGIN IMMEDIATE");
      await migrate(kysely);
      sqlite.exec(`PRAGMA application_id = ${APPLICATION_ID}; COMMIT; PRAGMA wal_checkpoint(TRUNCATE)`);
      return new SqliteFile(path, kysely, await inodeOf(path));
    } catch (cause) {
      if (sqlite?.isOpen) sqlite.close();
      throw sqliteError(path, cause);
    }
  }

  async run<T>(work: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
    try {
      return await work(this.#kysely);
    } catch (cause) {
      throw sqliteError(this.place, cause);
    }
  }

  /** SQLite continues to write to a file that was removed or whose disk was unmounted: after a restart that is lost. */
  async assertInPlace(): Promise<void> {
    const inode = await inodeOf(this.place).catch(() => undefined);
    if (inode === this.#inode) return;
    const message = `${this.place} was removed or replaced while the gateway runs. Put it back, or restart the gateway.`;
    throw new StoreError("store_unavailable", message);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#kysely.destroy();
  }
}

async function inodeOf(path: string): Promise<string> {
  const { dev, ino } = await stat(path);
  return `${dev}:${ino}`;
}

/** SQLite gives the -wal file the same rights as this file. */
async function keepForOwner(stateDir: string, path: string): Promise<void> {
  await makeFolder(stateDir, 0o700);
  await tightenFolder(stateDir);
  try {
    // `wx` never opens an existing file: closing any descriptor of it would free this process's locks on it.
    const file = await open(path, "wx", OWNER_ONLY);
    await file.close();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) await chmod(path, OWNER_ONLY);
  }
}

function refuseForeign(sqlite: DatabaseSync, path: string): void {
  const id = valueOf(sqlite, "PRAGMA application_id");
  const isEmpty = valueOf(sqlite, "SELECT count(*) FROM sqlite_schema") === 0;
  if (id === APPLICATION_ID || (id === 0 && isEmpty)) return;
  throw new StoreError("store_foreign", `${path} is another program's database. ${REMEDY}`);
}

function refuseDamaged(sqlite: DatabaseSync, path: string): void {
  const finding = valueOf(sqlite, "PRAGMA quick_check(1)");
  if (finding === "ok") return;
  const reason = String(finding).replaceAll("\n", " ");
  throw new StoreError("store_damaged", `${path} is damaged (${reason}). ${REMEDY}`);
}

async function refuseTooNew(kysely: Kysely<Schema>, path: string): Promise<void> {
  const unknown = await unknownMigrations(kysely);
  if (unknown.length === 0) return;
  const message = `${path} was written by a newer gateway (${unknown.join(", ")}). Run that version again, or: ${REMEDY}`;
  throw new StoreError("store_too_new", message);
}

function valueOf(sqlite: DatabaseSync, query: string): unknown {
  return Object.values(sqlite.prepare(query).get() ?? {})[0];
}
