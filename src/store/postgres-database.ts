import { Kysely, PostgresDialect, sql } from "kysely";
import { withTimeout } from "../process/with-timeout.ts";
import { DATABASE_NOW, DatabaseClock } from "./database-clock.ts";
import type { Database } from "./database.ts";
import { migrate, madeMigrations } from "./migrations.ts";
import { CHANNEL } from "./postgres-changes.ts";
import { postgresError } from "./postgres-error.ts";
import { postgresPool, type PostgresAddress } from "./postgres-pool.ts";
import { placeOf } from "./postgres-url.ts";
import type { Schema } from "./schema.ts";
import type { Topic } from "./store-changes.ts";
import { StoreError } from "./store-error.ts";

/** A server that takes longer for one piece of work does not answer. */
const ANSWER_LIMIT_MS = 20_000;
/** Another replica may be changing the tables meanwhile. */
const OPEN_LIMIT_MS = 60_000;

/** The database at DATABASE_URL. Any number of gateways use it at the same time. */
export class PostgresDatabase implements Database {
  readonly place: string;
  readonly isShared = true;
  readonly remedy =
    "Name another database in DATABASE_URL, or empty this one: the gateway then starts afresh from the configured cookies. " +
    "What is lost are rotated tokens and rest periods, keys and accounts of the console, and records.";
  readonly clock = new DatabaseClock();
  readonly #answerLimitMs: number;
  readonly #kysely: Kysely<Schema>;

  private constructor(address: PostgresAddress, answerLimitMs: number) {
    this.place = placeOf(address.databaseUrl);
    this.#answerLimitMs = answerLimitMs;
    this.#kysely = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: postgresPool(address) }) });
  }

  /** Creates the tables if needed. @throws StoreError for a database that is another program's, too new or out of reach. */
  static async open(address: PostgresAddress, { answerLimitMs = ANSWER_LIMIT_MS } = {}): Promise<PostgresDatabase> {
    await using opened = new AsyncDisposableStack();
    const database = opened.use(new PostgresDatabase(address, answerLimitMs));
    await database.#within(OPEN_LIMIT_MS, () => database.#prepare());
    opened.move();
    return database;
  }

  /** @throws StoreError also when the server does not answer in time. */
  run<T>(work: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
    return this.#within(this.#answerLimitMs, () => work(this.#kysely));
  }

  change<T>(topic: Topic, work: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
    return this.run((db) =>
      db.transaction().execute(async (transaction) => {
        const result = await work(transaction);
        await transaction
          .insertInto("change")
          .values({ topic, version: 1 })
          .onConflict((conflict) =>
            conflict.column("topic").doUpdateSet((update) => ({ version: update("change.version", "+", 1) })),
          )
          .execute();
        await sql`SELECT pg_notify(${CHANNEL}, ${topic})`.execute(transaction);
        return result;
      }),
    );
  }

  async assertWritable(): Promise<void> {
    await this.run((db) => this.#readClock(db));
    const isReadOnly = await this.run(async (db) => (await valueOf(db, "transaction_read_only")) === "on");
    if (!isReadOnly) return;
    const message = `${this.place} takes no writes: it is a standby, or is set to be read only.`;
    throw new StoreError("store_unavailable", message);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await withTimeout(this.#kysely.destroy(), this.#answerLimitMs, () => undefined).catch(() => undefined);
  }

  async #within<T>(limitMs: number, work: () => Promise<T>): Promise<T> {
    try {
      return await withTimeout(work(), limitMs, () => {
        throw new StoreError("store_unavailable", `${this.place} did not answer within ${limitMs / 1000} seconds.`);
      });
    } catch (cause) {
      throw postgresError(this.place, cause);
    }
  }

  async #prepare(): Promise<void> {
    const db = this.#kysely;
    const encoding = await valueOf(db, "server_encoding");
    if (encoding !== "UTF8") {
      throw this.#refusal("store_foreign", `has the encoding ${encoding}. Create it with ENCODING 'UTF8'.`);
    }
    // Read before the migrations: a replica that makes both at this moment makes them in one step.
    const hasTables = await this.#hasTables();
    const { unknown, hasKnown } = await madeMigrations(db);
    if (!hasKnown && (unknown.length > 0 || hasTables)) {
      throw this.#refusal("store_foreign", "holds another program's tables. Give the gateway a database of its own.");
    }
    if (unknown.length > 0) {
      const names = unknown.join(", ");
      throw this.#refusal("store_too_new", `was written by a newer gateway (${names}). Run that version again.`);
    }
    await migrate(db);
    // The first answer of a connection takes longest.
    for (let times = 0; times < 2; times += 1) await this.#readClock(db);
  }

  async #readClock(db: Kysely<Schema>): Promise<void> {
    const sentMs = performance.now();
    const query = sql<{ readonly at: number }>`SELECT ${sql.raw(DATABASE_NOW)} AS at`;
    const { rows } = await query.execute(db);
    if (rows[0]) this.clock.measure(rows[0].at, sentMs, performance.now());
  }

  async #hasTables(): Promise<boolean> {
    const query = sql`
      SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename NOT LIKE 'kysely%' LIMIT 1`;
    return (await query.execute(this.#kysely)).rows.length > 0;
  }

  #refusal(code: StoreError["code"], what: string): StoreError {
    return new StoreError(code, `${this.place} ${what}`);
  }
}

async function valueOf(db: Kysely<Schema>, parameter: "server_encoding" | "transaction_read_only"): Promise<string> {
  const { rows } = await sql<{ readonly value: string }>`SELECT current_setting(${parameter}) AS value`.execute(db);
  return rows[0]?.value ?? "";
}
