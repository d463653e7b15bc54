import { Socket } from "node:net";
import { Client, type QueryResultRow } from "pg";
import { abortable } from "../process/abortable.ts";
import { withTimeout } from "../process/with-timeout.ts";
import { postgresError, type DatabaseSetting } from "../store/postgres-error.ts";
import { GATEWAY_NAME, NUMBER_TYPES } from "../store/postgres-pool.ts";
import { withSafeTls } from "../store/postgres-url.ts";
import { StoreError } from "../store/store-error.ts";

const CONNECT_LIMIT_MS = 3_000;
const STATEMENT_LIMIT_MS = 3_000;
const END_LIMIT_MS = 1_000;
const KEEP_ALIVE_AFTER_MS = 4_000;

/**
 * The server lets go of the locks after ten seconds without a sign of life, and a statement that waits for another replica
 * ends. https://www.postgresql.org/docs/current/runtime-config-connection.html
 */
const SESSION = {
  application_name: GATEWAY_NAME,
  tcp_keepalives_idle: "4",
  tcp_keepalives_interval: "2",
  tcp_keepalives_count: "3",
  tcp_user_timeout: "10000",
  statement_timeout: `${STATEMENT_LIMIT_MS}`,
  idle_session_timeout: "0",
  default_transaction_isolation: "read committed",
  // When a session began is compared as text.
  DateStyle: "ISO",
  TimeZone: "UTC",
  lock_timeout: "1000",
} as const;

export interface AnchorOptions {
  /** A `postgres://` address of PostgreSQL itself. */
  readonly url: string;
  /** The same without secrets, for messages. */
  readonly place: string;
  /** Where the address comes from; DATABASE_URL unless given. */
  readonly setting?: DatabaseSetting | undefined;
}

/** A statement that is prepared once, when it is first used. */
export interface PreparedStatement {
  readonly name: string;
  readonly text: string;
}

/**
 * One direct session of PostgreSQL. The server holds a replica's locks for as long as this session lasts, and frees them when
 * it ends, however it ends. Statements are answered in their order.
 */
export class Anchor implements AsyncDisposable {
  readonly #client: Client;
  readonly #socket: Socket;
  readonly #place: string;
  readonly #setting: DatabaseSetting | undefined;
  readonly #lost = new AbortController();
  #backend = { pid: 0, startedAt: "" };
  /** The statements before, which are answered first. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor({ url, place, setting }: AnchorOptions) {
    this.#place = place;
    this.#setting = setting;
    this.#socket = new Socket();
    this.#client = new Client({
      connectionString: withSafeTls(url),
      stream: () => this.#socket,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
      types: NUMBER_TYPES,
    });
    this.#client.on("error", (cause) => this.#lose(cause));
    this.#client.on("end", () => this.#lose(new Error("The connection has ended.")));
  }

  /** @throws StoreError when the server cannot be reached, or takes no writes. */
  static async open(options: AnchorOptions): Promise<Anchor> {
    await using opened = new AsyncDisposableStack();
    const anchor = opened.use(Anchor.#prepare(options));
    await anchor.#connect();
    opened.move();
    return anchor;
  }

  static #prepare(options: AnchorOptions): Anchor {
    try {
      return new Anchor(options);
    } catch (cause) {
      throw postgresError(options.place, cause, options.setting);
    }
  }

  /** Aborts when the session is lost, with a StoreError as its reason. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** The process of the server that holds the locks, and when it began. */
  get backend(): { readonly pid: number; readonly startedAt: string } {
    return this.#backend;
  }

  /** Whether the server that greeted this client is not the one that answers it: there is a pooler between them. */
  get isPooled(): boolean {
    return (this.#client as Client & { readonly processID: number | null }).processID !== this.#backend.pid;
  }

  /** The address of this machine by which it reaches the server. */
  get localAddress(): string {
    return this.#socket.localAddress ?? "127.0.0.1";
  }

  /** @throws StoreError, also when no answer comes in time: the statement may take effect all the same. */
  async query<Row extends QueryResultRow>(
    statement: string | PreparedStatement,
    values: readonly unknown[] = [],
    limitMs = STATEMENT_LIMIT_MS,
  ): Promise<Row[]> {
    this.lost.throwIfAborted();
    const named = typeof statement === "string" ? { text: statement } : statement;
    const work = this.#last.then(() => {
      this.lost.throwIfAborted();
      return this.#client.query<Row>({ ...named, values: [...values] });
    });
    this.#last = work.catch(() => {});
    return (await this.#within(work, limitMs)).rows;
  }

  /** Ends the session: the server frees its locks. Never rejects. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.lost.aborted) await withTimeout(this.#client.end(), END_LIMIT_MS, () => {}).catch(() => {});
    this.#lose(new Error("The connection was closed."));
  }

  async #connect(): Promise<void> {
    await this.#within(this.#client.connect(), CONNECT_LIMIT_MS);
    const settings = Object.entries(SESSION).map(([name, value]) => `set_config('${name}', '${value}', false)`);
    await this.query(`SELECT ${settings.join(", ")}`);
    const [about] = await this.query<{ pid: number; started: string; standby: boolean }>(
      `SELECT pg_backend_pid() AS pid, pg_is_in_recovery() AS standby,
         (SELECT backend_start::text FROM pg_stat_get_activity(pg_backend_pid())) AS started`,
    );
    this.#backend = { pid: about?.pid ?? 0, startedAt: about?.started ?? "" };
    if (about?.standby !== true) return;
    throw new StoreError("store_unavailable", `${this.#place} is a standby that takes no writes: name the primary.`);
  }

  async #within<T>(work: Promise<T>, limitMs: number): Promise<T> {
    try {
      return await withTimeout(abortable(work, this.lost), limitMs, () => {
        throw new StoreError("store_unavailable", `${this.#place} did not answer within ${limitMs / 1000} seconds.`);
      });
    } catch (cause) {
      throw postgresError(this.#place, cause, this.#setting);
    }
  }

  #lose(cause: Error): void {
    this.#lost.abort(postgresError(this.#place, cause, this.#setting));
    this.#socket.destroy();
  }
}
