import {
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
} from "kysely";
import type { SqliteThread } from "./sqlite-thread.ts";

/** The thread that has the file open. A new one takes the place of one that died. */
export type OpenThread = () => Promise<SqliteThread>;

/** A kysely dialect over node:sqlite in a thread of its own. Kysely hands out its one connection to one user at a time. */
export function sqliteDialect(openThread: OpenThread): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new ThreadDriver(openThread),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

class ThreadDriver implements Driver {
  readonly #connection: ThreadConnection;

  constructor(openThread: OpenThread) {
    this.#connection = new ThreadConnection(openThread);
  }

  async init(): Promise<void> {}

  /** Must not fail: kysely would never hand out the connection again. */
  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection;
  }

  beginTransaction(): Promise<void> {
    return this.#connection.begin();
  }

  commitTransaction(): Promise<void> {
    return this.#connection.end("commit");
  }

  rollbackTransaction(): Promise<void> {
    return this.#connection.end("rollback");
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {}
}

class ThreadConnection implements DatabaseConnection {
  readonly #openThread: OpenThread;
  /** The thread of the transaction: when it dies, the rest of the transaction must not run in another one. */
  #transacting: SqliteThread | undefined;

  constructor(openThread: OpenThread) {
    this.#openThread = openThread;
  }

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    const thread = this.#transacting ?? (await this.#openThread());
    const { rows, changes, lastId } = await thread.query(sql, parameters);
    return {
      rows: rows as Row[],
      ...(changes === undefined ? {} : { numAffectedRows: BigInt(changes) }),
      ...(lastId === undefined ? {} : { insertId: BigInt(lastId) }),
    };
  }

  /** Rows come all at once: who reads many of them reads page by page. */
  // oxlint-disable-next-line require-yield -- it is never used
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new Error("Queries are not streamed.");
  }

  async begin(): Promise<void> {
    const thread = await this.#openThread();
    await thread.query("begin immediate");
    this.#transacting = thread;
  }

  async end(how: "commit" | "rollback"): Promise<void> {
    try {
      await this.#transacting?.query(how);
      this.#transacting = undefined;
    } finally {
      // After a commit that failed, kysely rolls back.
      if (how === "rollback") this.#transacting = undefined;
    }
  }
}
