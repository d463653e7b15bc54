import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { sql, type Kysely } from "kysely";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Database } from "../../src/store/database.ts";
import type { Schema } from "../../src/store/schema.ts";
import { SqliteFile } from "../../src/store/sqlite-file.ts";

const SEAL = { key_id: "key", data_key: "sealed" };

const THREAD = join(import.meta.dirname, "../../src/store/sqlite-thread.ts");
/** A process that ends while its thread is inside of SQLite. */
const STUCK = `
  const [threadPath, path] = process.argv.slice(1);
  const { SqliteThread } = await import(threadPath);
  const thread = new SqliteThread(path, { stuckAfterMs: 0 });
  await thread.query("SELECT 1");
  thread.query("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n");
  setImmediate(() => process.exit(0));`;

let stateDir: string;
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), "gptomni-thread-"));
});
afterEach(async () => {
  await rm(stateDir, { recursive: true });
});

/** Counts to so many in SQL: a query that keeps SQLite busy. */
async function countTo(last: number, db: Kysely<Schema>): Promise<unknown> {
  const query = sql`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${last}) SELECT max(i) AS last FROM n`;
  return (await query.execute(db)).rows[0];
}

/** A result that is larger than the thread's memory. */
function askTooMuch(db: Kysely<Schema>): Promise<unknown> {
  const megabytes = sql`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 80) SELECT hex(randomblob(1e6)) FROM n`;
  return megabytes.execute(db);
}

function seals(database: Database): Promise<readonly unknown[]> {
  return database.run((db) => db.selectFrom("seal").selectAll().execute());
}

test("a long query does not hold up the event loop", async () => {
  await using database = await SqliteFile.open(stateDir);
  const over = new AbortController();
  const counted = database.run((db) => countTo(1_000_000, db)).finally(() => over.abort());
  let turns = 0;
  for (; !over.signal.aborted; turns += 1) await setImmediate();
  expect(await counted).toEqual({ last: 1_000_000 });
  expect(turns).toBeGreaterThan(100);
});

test("a thread that dies fails its calls, and the next call has a new one", async () => {
  await using database = await SqliteFile.open(stateDir);
  const [first, second] = await Promise.allSettled([database.run(askTooMuch), database.run(askTooMuch)]);
  for (const { status, reason } of [first, second] as PromiseRejectedResult[]) {
    expect(status).toBe("rejected");
    expect(reason).toMatchObject({ name: "StoreError", code: "store_unavailable" });
    expect(reason).toHaveProperty(
      "message",
      expect.stringContaining("its thread has ended (ERR_WORKER_OUT_OF_MEMORY)"),
    );
  }
  expect(await seals(database)).toEqual([]);
});

test("what a thread that dies had begun to write is not there afterwards", async () => {
  await using database = await SqliteFile.open(stateDir);
  const cutShort = database.run((db) =>
    db.transaction().execute(async (transaction) => {
      await transaction.insertInto("seal").values(SEAL).execute();
      await askTooMuch(transaction).catch(() => {});
      await transaction.insertInto("seal").values(SEAL).execute();
    }),
  );
  await expect(cutShort).rejects.toMatchObject({ name: "StoreError" });
  expect(await seals(database)).toEqual([]);
});

test("a transaction that fails leaves nothing, and the next one works", async () => {
  await using database = await SqliteFile.open(stateDir);
  const write = (isWhole: boolean): Promise<void> =>
    database.run((db) =>
      db.transaction().execute(async (transaction) => {
        await transaction.insertInto("seal").values(SEAL).execute();
        if (!isWhole) throw new Error("no further");
      }),
    );
  await expect(write(false)).rejects.toThrow("no further");
  await write(true);
  expect(await seals(database)).toEqual([SEAL]);
});

test("a disk that never answers does not keep the process from ending", async () => {
  const child = spawn(process.execPath, ["--input-type=module", "-e", STUCK, THREAD, join(stateDir, "stuck.sqlite")]);
  const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  expect([code, signal]).toEqual([null, "SIGKILL"]);
});

test("a disk that does not answer in time fails calls at once until it answers", async () => {
  await using database = await SqliteFile.open(stateDir, { answerLimitMs: 100 });
  await expect(database.run((db) => countTo(3_000_000, db))).rejects.toThrow("does not answer");
  await expect(seals(database)).rejects.toMatchObject({ name: "StoreError", code: "store_unavailable" });
  await expect.poll(() => seals(database).catch(() => "not yet")).toEqual([]);
});
