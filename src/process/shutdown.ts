import { closeSync, openSync } from "node:fs";
import type { Log } from "../observe/log.ts";

/** How long running answers may go on after an uncaught exception: the state of the process is uncertain. */
const FATAL_DRAIN_MS = 5_000;

/**
 * Under scripts/setup.mjs, one request to stop arrives up to three times: the terminal or systemd signals every process,
 * and npm and setup.mjs pass the signal on. Signals within this time are one request.
 */
const ECHO_MS = 1_000;

/** Tells when the process is to end: gracefully at the first request, at once at the second. */
export class Shutdown {
  /** Whether SIGHUP means that the terminal was closed. Without a terminal, operators send it to reload the accounts. */
  readonly endsOnHangUp = hasTerminal();
  readonly #requested = Promise.withResolvers<void>();
  readonly #forced = Promise.withResolvers<void>();
  /** From then on, a further signal is a second request. */
  #repeatFromMs: number | undefined;

  constructor() {
    const echoMs = process.env["GATEWAY_LAUNCHER"] === undefined ? 0 : ECHO_MS;
    const onSignal = (): void => {
      if (this.#repeatFromMs === undefined) {
        this.#repeatFromMs = performance.now() + echoMs;
        this.#requested.resolve();
      } else if (performance.now() >= this.#repeatFromMs) this.#forced.resolve();
    };
    process.on("SIGTERM", onSignal);
    process.on("SIGINT", onSignal);
    if (this.endsOnHangUp) process.on("SIGHUP", onSignal);
  }

  /** Resolves with the first signal to end, or after an uncaught exception. */
  get requested(): Promise<void> {
    return this.#requested.promise;
  }

  /** Resolves at the second signal, or some seconds after such an exception. */
  get forced(): Promise<void> {
    return this.#forced.promise;
  }

  /** Ends as after a signal, but with exit code 1. */
  readonly giveUp = (): void => {
    process.exitCode = 1;
    this.#requested.resolve();
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
      this.#requested.resolve();
      setTimeout(this.#forced.resolve, FATAL_DRAIN_MS).unref();
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
