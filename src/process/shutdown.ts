import { closeSync, openSync } from "node:fs";
import type { Log } from "../observe/log.ts";

/** How long running answers may go on after an uncaught exception: the state of the process is uncertain. */
const FATAL_DRAIN_MS = 5_000;

/**
 * Under scripts/setup.mjs one request to stop arrives up to three times: from the terminal or systemd, which signal every
 * process, from npm and from setup.mjs, which pass it on. What comes within this time is the same request.
 */
const ECHO_MS = 1_000;

/** When the process is to end: in good order when first asked to, at once when asked again. */
export class Shutdown {
  /** Whether SIGHUP means that the terminal was closed. Without a terminal it is the operator's, to reload. */
  readonly endsOnHangUp = hasTerminal();
  readonly #asked = Promise.withResolvers<void>();
  readonly #urged = Promise.withResolvers<void>();
  /** From when on a further signal is a second request. */
  #repeatFromMs: number | undefined;

  constructor() {
    const echoMs = process.env["GATEWAY_LAUNCHER"] === undefined ? 0 : ECHO_MS;
    const onSignal = (): void => {
      if (this.#repeatFromMs === undefined) {
        this.#repeatFromMs = performance.now() + echoMs;
        this.#asked.resolve();
      } else if (performance.now() >= this.#repeatFromMs) this.#urged.resolve();
    };
    process.on("SIGTERM", onSignal);
    process.on("SIGINT", onSignal);
    if (this.endsOnHangUp) process.on("SIGHUP", onSignal);
  }

  /** Resolves with the first signal to end, or after an uncaught exception. */
  get requested(): Promise<void> {
    return this.#asked.promise;
  }

  /** Resolves with the second signal, or some seconds after such an exception. */
  get forced(): Promise<void> {
    return this.#urged.promise;
  }

  /** As after a signal; the process ends with code 1. */
  readonly giveUp = (): void => {
    process.exitCode = 1;
    this.#asked.resolve();
  };

  /**
   * Handles unhandled rejections and uncaught exceptions from now on. A rejection is logged, and only the work that it
   * belongs to is lost. After an exception only a restart is safe: the process drains, saves its state and ends with code 1.
   */
  takeFailures(log: Log): void {
    process.on("unhandledRejection", (cause) => log.error({ err: cause }, "unhandled rejection"));
    process.on("uncaughtException", (cause) => {
      log.error({ err: cause }, "uncaught exception: the gateway stops");
      process.exitCode = 1;
      this.#asked.resolve();
      setTimeout(this.#urged.resolve, FATAL_DRAIN_MS).unref();
    });
  }
}

/** Whether this process belongs to a terminal's session: https://man7.org/linux/man-pages/man4/tty.4.html */
function hasTerminal(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r"));
    return true;
  } catch {
    return false;
  }
}
