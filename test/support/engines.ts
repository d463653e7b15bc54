import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { onTestFinished } from "vitest";
import { openStore, type Store, type StoreOptions } from "../../src/store/store.ts";
import { LACKS_POSTGRES } from "./postgres-server.ts";
import { freshDatabase } from "./shared-postgres.ts";

/** What keeps the state: every test of the store is for all of them. */
export const ENGINES = LACKS_POSTGRES ? (["SQLite"] as const) : (["SQLite", "PostgreSQL"] as const);
export type Engine = "SQLite" | "PostgreSQL";

export const SECRET_KEY = "a secret key of thirty-two bytes or more";

/** A place for a store, which a test may open, close and open again. */
export interface StorePlace {
  readonly engine: Engine;
  readonly options: StoreOptions;
  readonly stateDir: string;
  open(secretKey?: string): Promise<Store>;
  /** Somebody's own hand in the database. With SQLite no store may be open. */
  tamper(statements: string): Promise<readonly Record<string, unknown>[]>;
  /** All that is kept, for a search. */
  contents(): Promise<string>;
}

/** An empty place, which is gone after the test. */
export async function storePlace(engine: Engine): Promise<StorePlace> {
  const stateDir = await mkdtemp(join(tmpdir(), "gptomni-store-"));
  onTestFinished(() => rm(stateDir, { recursive: true, force: true }));
  const databaseUrl = engine === "SQLite" ? undefined : await freshDatabase();
  const options = { stateDir, secretKey: SECRET_KEY, databaseUrl };
  return {
    engine,
    options,
    stateDir,
    open: (secretKey = SECRET_KEY) => openStore({ ...options, secretKey }),
    tamper: (statements) =>
      databaseUrl === undefined
        ? inFile(join(stateDir, "gateway.sqlite"), statements)
        : inPostgres(databaseUrl, statements),
    contents: () => (databaseUrl === undefined ? filesIn(stateDir) : rowsIn(databaseUrl)),
  };
}

async function filesIn(folder: string): Promise<string> {
  const names = await readdir(folder);
  return (await Promise.all(names.map((name) => readFile(join(folder, name), "latin1")))).join("\n");
}

async function rowsIn(connectionString: string): Promise<string> {
  const tables = await inPostgres(connectionString, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
  const texts = await Promise.all(
    tables.map(({ tablename }) => inPostgres(connectionString, `SELECT row::text FROM "${String(tablename)}" AS row`)),
  );
  return JSON.stringify(texts);
}

async function inFile(path: string, statements: string): Promise<readonly Record<string, unknown>[]> {
  using sqlite = new DatabaseSync(path);
  if (/^\s*select/i.test(statements)) return sqlite.prepare(statements).all();
  sqlite.exec(statements);
  return [];
}

async function inPostgres(connectionString: string, statements: string): Promise<readonly Record<string, unknown>[]> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statements)).rows;
  } finally {
    await client.end();
  }
}
