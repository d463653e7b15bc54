import { chmod, open, stat } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { Kysely, SqliteDialect, type SqliteStatement } from "kysely";
import { makeFolder } from "../config/make-folder.ts";
import { tightenFolder } from "../config/secret-file.ts";
import { migrate, unknownMigrations, type Schema } from "./migrations.ts";
import { StoreError } from "./store-error.ts";

const FILE_NAME = "gateway.sqlite";
const OWNER_ONLY = 0o600;
/** SQLite's `application_id` in our files: "GPTO". */
const APPLICATION_ID = 0x47_50_54_4f;
/** How long a gateway that is just ending may still hold the file. */
const LOCK_TIMEOUT_MS = 1_000;
/** https://sqlite.org/rescode.html; the low byte of an extended code is its primary code. */
const PRIMARY_CODE = 0xff;
const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

export const REMEDY =
  "Move it away (with its -wal file, if there is one): the gateway then starts afresh from the configured cookies. " +
  "What is lost are rotated tokens and rest periods.";

/**
 * `gateway.sqlite` in STATE_DIR, held by one process at a time: SQLite's own lock, which the system frees when the
 * process ends, however it ends. All methods throw StoreError only.
 */
export class Database implements AsyncDisposable {
  readonly #path: string;
  readonly #kysely: Kysely<Schema>;
  readonly #inode: string;

  private constructor(path: string, kysely: Kysely<Schema>, inode: string) {
    this.#path = path;
    this.#kysely = kysely;
    this.#inode = inode;
  }

  /** Makes the file and its tables where there are none; refuses one that is damaged, foreign, too new or in use. */
  static async open(stateDir: string): Promise<Database> {
    const path = join(stateDir, FILE_NAME);
    let sqlite: DatabaseSync | undefined;
    try {
      await keepForOwner(stateDir, path);
      sqlite = new DatabaseSync(path, { timeout: LOCK_TIMEOUT_MS, enableForeignKeyConstraints: true });
      // An exclusive lock that outlasts its transaction. It also keeps the WAL's index in memory: no -shm file.
      sqlite.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT");
      refuseForeign(sqlite, path);
      refuseDamaged(sqlite, path);
      sqlite.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
      const kysely = new Kysely<Schema>({ dialect: new SqliteDialect({ database: dialectHandle(sqlite) }) });
      await refuseTooNew(kysely, path);
      // One transaction around all of it, as kysely makes none for SQLite: a start that was killed leaves nothing half done.
      sqlite.exec("BEGIN IMMEDIATE");
      await migrate(kysely);
      sqlite.exec(`PRAGMA application_id = ${APPLICATION_ID}; COMMIT; PRAGMA wal_checkpoint(TRUNCATE)`);
      return new Database(path, kysely, await inodeOf(path));
    } catch (cause) {
      if (sqlite?.isOpen) sqlite.close();
      throw toStoreError(path, cause);
    }
  }

  get path(): string {
    return this.#path;
  }

  async run<T>(work: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
    try {
      return await work(this.#kysely);
    } catch (cause) {
      throw toStoreError(this.#path, cause);
    }
  }

  /** SQLite goes on writing to a file that was removed, or whose disk was unmounted, and nobody finds it there. */
  async assertInPlace(): Promise<void> {
    const inode = await inodeOf(this.#path).catch(() => undefined);
    if (inode === this.#inode) return;
    const message = `${this.#path} was removed or replaced while the gateway runs. Put it back, or restart the gateway.`;
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

/** SQLite gives the -wal file the rights of this one. */
async function keepForOwner(stateDir: string, path: string): Promise<void> {
  await makeFolder(stateDir, 0o700);
  await tightenFolder(stateDir);
  try {
    // Never opened when it is there: closing any descriptor of it would free the locks this process has on it.
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

/** node:sqlite in the shape of better-sqlite3, which kysely's dialect is written for. */
function dialectHandle(sqlite: DatabaseSync): { close(): void; prepare(sql: string): SqliteStatement } {
  return {
    close: () => sqlite.close(),
    prepare(sql) {
      const statement = sqlite.prepare(sql);
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => statement.all(...(parameters as SQLInputValue[])),
        run: (parameters) => statement.run(...(parameters as SQLInputValue[])),
        iterate: (parameters) => statement.iterate(...(parameters as SQLInputValue[])),
      };
    },
  };
}

function toStoreError(path: string, cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause;
  const { errcode = 0, message: reason } = cause as { readonly errcode?: number; readonly message?: string };
  const code = errcode & PRIMARY_CODE;
  if (code === SQLITE_BUSY) {
    return new StoreError("store_in_use", `Another gateway uses this STATE_DIR: ${path} is locked.`, { cause });
  }
  if (code === SQLITE_CORRUPT || code === SQLITE_NOTADB) {
    return new StoreError("store_damaged", `${path} is damaged (${reason}). ${REMEDY}`, { cause });
  }
  const message = `${path} cannot be used (${reason}). Look at its rights and at the room on its disk.`;
  return new StoreError("store_unavailable", message, { cause });
}
