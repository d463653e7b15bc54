import { chmod, open, stat } from "node:fs/promises";
import { join } from "node:path";
import { Kysely } from "kysely";
import { makeFolder } from "../config/make-folder.ts";
import { tightenFolder } from "../config/secret-file.ts";
import { usableFolder } from "../process/machine-checks.ts";
import { withTimeout } from "../process/with-timeout.ts";
import { LOCAL_CLOCK } from "./database-clock.ts";
import type { Database } from "./database.ts";
import { migrate, madeMigrations } from "./migrations.ts";
import type { Schema } from "./schema.ts";
import { sqliteDialect } from "./sqlite-driver.ts";
import { sqliteError } from "./sqlite-error.ts";
import { APPLICATION_ID, openSqlite } from "./sqlite-open.ts";
import type { SqliteThread } from "./sqlite-thread.ts";
import type { Topic } from "./store-changes.ts";
import { REMEDY, StoreError } from "./store-error.ts";

const FILE_NAME = "gateway.sqlite";
const OWNER_ONLY = 0o600;
/** A disk that takes longer for one piece of work does not answer. */
const ANSWER_LIMIT_MS = 30_000;

/**
 * `gateway.sqlite` in STATE_DIR. One process at a time holds it, by SQLite's own lock: the system frees the lock when the
 * process ends, however it ends.
 */
export class SqliteFile implements Database {
  readonly place: string;
  readonly isShared = false;
  readonly clock = LOCAL_CLOCK;
  readonly remedy = REMEDY;
  readonly #stateDir: string;
  readonly #inode: string;
  readonly #answerLimitMs: number;
  readonly #kysely: Kysely<Schema>;
  #thread: SqliteThread;
  /** Work that has passed its limit and is not over. */
  #overdue = 0;

  private constructor(stateDir: string, thread: SqliteThread, inode: string, answerLimitMs: number) {
    this.#stateDir = stateDir;
    this.place = join(stateDir, FILE_NAME);
    this.#thread = thread;
    this.#inode = inode;
    this.#answerLimitMs = answerLimitMs;
    this.#kysely = new Kysely<Schema>({ dialect: sqliteDialect(() => this.#openThread()) });
  }

  /** Creates the file and its tables if needed. Refuses a file that is damaged, foreign, too new or in use. */
  static async open(stateDir: string, { answerLimitMs = ANSWER_LIMIT_MS } = {}): Promise<SqliteFile> {
    const path = join(stateDir, FILE_NAME);
    try {
      await keepForOwner(stateDir, path);
      await using opened = new AsyncDisposableStack();
      const thread = opened.use(await openSqlite(path));
      const file = new SqliteFile(stateDir, thread, await inodeOf(path), answerLimitMs);
      await file.#migrate();
      opened.move();
      return file;
    } catch (cause) {
      throw sqliteError(path, cause);
    }
  }

  /** @throws StoreError also when the disk does not answer in time, or has not answered earlier work yet. */
  async run<T>(work: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
    if (this.#overdue > 0) throw this.#late();
    const running = work(this.#kysely);
    try {
      return await withTimeout(running, this.#answerLimitMs, () => {
        this.#overdue += 1;
        running.catch(() => {}).finally(() => (this.#overdue -= 1));
        throw this.#late();
      });
    } catch (cause) {
      throw sqliteError(this.place, cause);
    }
  }

  change<T>(_topic: Topic, work: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
    return this.run((db) => db.transaction().execute(work));
  }

  async assertWritable(): Promise<void> {
    await this.#assertInPlace();
    await usableFolder("STATE_DIR", this.#stateDir).catch((cause: unknown) => {
      throw new StoreError("store_unavailable", (cause as Error).message, { cause });
    });
  }

  /** SQLite continues to write to a file that was removed or whose disk was unmounted: after a restart that is lost. */
  async #assertInPlace(): Promise<void> {
    const inode = await inodeOf(this.place).catch(() => undefined);
    if (inode === this.#inode) return;
    const message = `${this.place} was removed or replaced while the gateway runs. Put it back, or restart the gateway.`;
    throw new StoreError("store_unavailable", message);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#kysely.destroy();
    await this.#thread[Symbol.asyncDispose]();
  }

  /** Kysely makes no transaction for SQLite's migrations. With this one, a killed start leaves nothing half done. */
  async #migrate(): Promise<void> {
    await refuseTooNew(this.#kysely, this.place);
    await this.#thread.query("BEGIN IMMEDIATE");
    await migrate(this.#kysely);
    await this.#thread.query(`PRAGMA application_id = ${APPLICATION_ID}`);
    await this.#thread.query("COMMIT");
    await this.#thread.query("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  /** A new thread if the last one died. Another file in the place of this one is not touched. */
  async #openThread(): Promise<SqliteThread> {
    if (!this.#thread.isEnded) return this.#thread;
    await this.#assertInPlace();
    this.#thread = await openSqlite(this.place);
    return this.#thread;
  }

  #late(): StoreError {
    return new StoreError("store_unavailable", `The disk of ${this.place} does not answer.`);
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

async function refuseTooNew(kysely: Kysely<Schema>, path: string): Promise<void> {
  const { unknown } = await madeMigrations(kysely);
  if (unknown.length === 0) return;
  const message = `${path} was written by a newer gateway (${unknown.join(", ")}). Run that version again, or: ${REMEDY}`;
  throw new StoreError("store_too_new", message);
}
