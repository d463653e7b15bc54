import { SchemaThread, type CheckLimit } from "./checker-thread.ts";
import type { SchemaQuestion, SchemaReply } from "./checker-worker.ts";

/** A check that waits longer is given up, so that many slow schemas cannot delay other answers for long. */
const WAIT_LIMIT_MS = 10_000;

export type CheckResult = SchemaReply | CheckLimit | "busy";

interface Waiting {
  readonly question: SchemaQuestion;
  readonly sinceMs: number;
  readonly resolve: (result: CheckResult) => void;
}

/** Gives checks to the worker thread one at a time. The thread starts with the first check, and again after a check ended it. */
export class SchemaQueue {
  /** Schemas that were checked before go first: they are known not to be slow. */
  readonly #proven: Waiting[] = [];
  readonly #unproven: Waiting[] = [];
  #thread: SchemaThread | undefined;
  #isServing = false;

  check(question: SchemaQuestion, { isProven }: { readonly isProven: boolean }): Promise<CheckResult> {
    const { promise, resolve } = Promise.withResolvers<CheckResult>();
    (isProven ? this.#proven : this.#unproven).push({ question, sinceMs: performance.now(), resolve });
    void this.#serve();
    return promise;
  }

  async #serve(): Promise<void> {
    if (this.#isServing) return;
    this.#isServing = true;
    for (let next = this.#next(); next; next = this.#next()) {
      const hasWaitedMs = performance.now() - next.sinceMs;
      next.resolve(hasWaitedMs > WAIT_LIMIT_MS ? "busy" : await this.#checked(next.question));
    }
    this.#isServing = false;
  }

  #next(): Waiting | undefined {
    return this.#proven.shift() ?? this.#unproven.shift();
  }

  async #checked(question: SchemaQuestion): Promise<CheckResult> {
    for (;;) {
      if (!this.#thread || this.#thread.isEnded) this.#thread = await SchemaThread.start().catch(() => undefined);
      if (!this.#thread) return "failure";
      const { isFresh } = this.#thread;
      const result = await this.#thread.check(question);
      // Try once more in a fresh thread: the memory may have gone to earlier schemas, or the thread ended for another reason.
      if (isFresh || typeof result === "object" || result === "time") return result;
    }
  }
}
