import type { Log } from "./log.ts";

/** After an exception that nobody caught, running answers get this long: little is sure any more. */
const FATAL_DRAIN_MS = 5_000;

/** When the process is to end: in good order when first asked to, at once when asked again. */
export class Stop {
  readonly #asked = Promise.withResolvers<void>();
  readonly #urged = Promise.withResolvers<void>();
  #signals = 0;

  constructor() {
    const onSignal = (): void => {
      this.#signals += 1;
      if (this.#signals === 1) this.#asked.resolve();
      else this.#urged.resolve();
    };
    process.on("SIGTERM", onSignal);
    process.on("SIGINT", onSignal);
  }

  /** Resolves with the first SIGTERM or SIGINT, or after an exception that nobody caught. */
  get asked(): Promise<void> {
    return this.#asked.promise;
  }

  /** Resolves with the second signal, or some seconds after such an exception. */
  get urged(): Promise<void> {
    return this.#urged.promise;
  }

  /**
   * Takes the failures that nobody handled, from now on. That of a promise costs the work it was for, and is told. After an
   * exception only a fresh start is sound: the process ends with code 1, but saves first what a kill would lose.
   */
  takeFailures(log: Log): void {
    process.on("unhandledRejection", (cause) => log.error({ err: cause }, "a failure that nobody handled"));
    process.on("uncaughtException", (cause) => {
      log.error({ err: cause }, "an exception that nobody caught: the gateway ends");
      process.exitCode = 1;
      this.#asked.resolve();
      setTimeout(this.#urged.resolve, FATAL_DRAIN_MS).unref();
    });
  }
}
