import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { SchemaQuestion, SchemaReply } from "./checker-worker.ts";

/** Limit of processor time for one check, compiling included, so that a busy machine does not shorten it. */
const CPU_LIMIT_MS = 250;
/** Limit of elapsed time for one check. */
const WALL_LIMIT_MS = 2_000;
const START_LIMIT_MS = 10_000;
const MIN_CHECK_EVERY_MS = 20;
const RESOURCES = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 };

/** Why a check ended without a result. */
export type CheckLimit = "time" | "memory" | "failure";

/** A worker thread that checks one value at a time. A check that reaches a limit ends the thread. */
export class SchemaThread {
  readonly #worker: Worker;
  #cpuBeforeMs = 0;
  #onReply: (reply: SchemaReply | CheckLimit) => void = () => {};
  #isEnded = false;
  /** Whether nothing was checked in it yet, so that the first check has all its memory. */
  isFresh = true;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on("message", (reply: SchemaReply) => this.#onReply(reply));
    worker.on("error", (cause: NodeJS.ErrnoException) => {
      this.#end(cause.code === "ERR_WORKER_OUT_OF_MEMORY" ? "memory" : "failure");
    });
    worker.on("exit", () => this.#end("failure"));
  }

  /** @throws if no thread can be started within ten seconds. */
  static async start(): Promise<SchemaThread> {
    // It gets no environment, because that contains secrets.
    const options = { resourceLimits: RESOURCES, env: {}, execArgv: [], name: "schemas" };
    const worker = new Worker(new URL("checker-worker.ts", import.meta.url), options);
    // Without a listener, a failure while the thread is terminated would be an uncaught exception.
    worker.on("error", () => undefined);
    try {
      const [ready] = (await once(worker, "message", { signal: AbortSignal.timeout(START_LIMIT_MS) })) as [SchemaReply];
      const thread = new SchemaThread(worker);
      thread.#cpuBeforeMs = ready.cpuMs;
      // An idle thread does not keep the process alive; the timers of a check do.
      worker.unref();
      return thread;
    } catch (cause) {
      await worker.terminate();
      throw cause;
    }
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  async check(question: SchemaQuestion): Promise<SchemaReply | CheckLimit> {
    if (this.#isEnded) return "failure";
    const replied = Promise.withResolvers<SchemaReply | CheckLimit>();
    const over = new AbortController();
    this.#onReply = replied.resolve;
    void this.#watch(over.signal);
    this.#worker.postMessage(question);
    const reply = await replied.promise;
    over.abort();
    this.isFresh = false;
    if (typeof reply === "object") this.#cpuBeforeMs = reply.cpuMs;
    return reply;
  }

  /** Ends the thread when the check has used up its time. */
  async #watch(over: AbortSignal): Promise<void> {
    const startedMs = performance.now();
    let usedMs = 0;
    try {
      while (usedMs < CPU_LIMIT_MS) {
        const leftMs = startedMs + WALL_LIMIT_MS - performance.now();
        if (leftMs <= 0) break;
        await setTimeout(Math.min(leftMs, Math.max(MIN_CHECK_EVERY_MS, CPU_LIMIT_MS - usedMs)), undefined, {
          signal: over,
        });
        // A thread that collects garbage does not answer.
        usedMs = await Promise.race([this.#usedMs(), setTimeout(WALL_LIMIT_MS, CPU_LIMIT_MS, { signal: over })]);
      }
    } catch {
      // The check or the thread has ended.
      if (over.aborted || this.#isEnded) return;
    }
    this.#end("time");
  }

  async #usedMs(): Promise<number> {
    const { user, system } = await this.#worker.cpuUsage();
    return (user + system) / 1_000 - this.#cpuBeforeMs;
  }

  #end(why: CheckLimit): void {
    this.#isEnded = true;
    this.#worker.terminate().catch(() => undefined);
    this.#onReply(why);
  }
}
