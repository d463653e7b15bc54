import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { withTimeout } from "../process/with-timeout.ts";
import { sqliteError } from "./sqlite-error.ts";
import { StoreError } from "./store-error.ts";

/** How long to wait for a gateway that still holds the file while it ends. */
const LOCK_TIMEOUT_MS = 1_000;
const CLOSE_LIMIT_MS = 5_000;
/** A disk that takes longer for one statement may never answer. */
const STUCK_AFTER_MS = 2_000;
/** A result that does not fit ends the thread, not the gateway. */
const RESOURCES = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 16 };

/** Parameters and results are what SQLite knows: numbers, texts, bytes and null. */
export interface SqliteCall {
  readonly id: number;
  /** One statement. */
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

export interface SqliteResult {
  readonly rows: readonly unknown[];
  /** Undefined for a statement that returns rows. */
  readonly changes?: number | bigint;
  readonly lastId?: number | bigint;
}

export interface SqliteReply {
  readonly id: number;
  /** Undefined where the call failed. */
  readonly result?: SqliteResult;
  readonly failure?: { readonly errcode: number | undefined; readonly message: string };
}

interface Waiting extends PromiseWithResolvers<SqliteResult> {
  /** On the monotonic clock. */
  readonly sinceMs: number;
}

/**
 * A thread that owns an open database file: neither a long query nor a slow disk holds up the event loop. A thread that
 * dies fails every call that waits and every later one, and the file's lock is free again.
 */
export class SqliteThread implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #path: string;
  readonly #stuckAfterMs: number;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #end: StoreError | undefined;

  /** The first call opens the file, and creates it if needed. */
  constructor(path: string, { stuckAfterMs = STUCK_AFTER_MS } = {}) {
    this.#path = path;
    this.#stuckAfterMs = stuckAfterMs;
    const workerData = { path, options: { timeout: LOCK_TIMEOUT_MS, enableForeignKeyConstraints: true } };
    // It gets no environment, because that contains secrets.
    const options = { workerData, env: {}, execArgv: [], resourceLimits: RESOURCES, name: "sqlite" };
    this.#worker = new Worker(new URL("sqlite-worker.mjs", import.meta.url), options);
    this.#worker.on("message", (reply: SqliteReply) => this.#settle(reply));
    this.#worker.on("error", (cause: NodeJS.ErrnoException) => this.#fail(cause.code ?? cause.message));
    this.#worker.on("exit", () => this.#fail("it was closed"));
    this.#worker.unref();
    process.on("exit", this.#onProcessExit);
  }

  get isEnded(): boolean {
    return this.#end !== undefined;
  }

  /** Calls are answered in their order. @throws StoreError */
  async query(sql: string, parameters: readonly unknown[] = []): Promise<SqliteResult> {
    if (this.#end) throw this.#end;
    const id = (this.#lastId += 1);
    const replied = { ...Promise.withResolvers<SqliteResult>(), sinceMs: performance.now() };
    this.#worker.postMessage({ id, sql, parameters } satisfies SqliteCall);
    this.#waiting.set(id, replied);
    // The process goes on while a call waits; an idle thread does not keep it alive.
    this.#worker.ref();
    return replied.promise;
  }

  /** Closes the file after the calls so far, and ends the thread. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#end) return;
    const exited = once(this.#worker, "exit");
    this.#worker.postMessage("close");
    await withTimeout(exited, CLOSE_LIMIT_MS, () => void this.#worker.terminate());
  }

  /** Node waits for every thread before it exits, also for one that a disk holds up; then nothing but a signal ends it. */
  readonly #onProcessExit = (): void => {
    const [oldest] = this.#waiting.values();
    if (oldest && performance.now() - oldest.sinceMs >= this.#stuckAfterMs) process.kill(process.pid, "SIGKILL");
  };

  #settle({ id, result, failure }: SqliteReply): void {
    const replied = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if (result) replied?.resolve(result);
    else replied?.reject(sqliteError(this.#path, failure));
  }

  #fail(reason: string): void {
    this.#end ??= new StoreError(
      "store_unavailable",
      `${this.#path} cannot be used: its thread has ended (${reason}).`,
    );
    for (const replied of this.#waiting.values()) replied.reject(this.#end);
    this.#waiting.clear();
    process.off("exit", this.#onProcessExit);
  }
}
