import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Log } from "../observe/log.ts";
import { backoffMs } from "./backoff.ts";
import { makeTempDir } from "./temp-dir.ts";
import { withTimeout } from "./with-timeout.ts";

const START_LIMIT_MS = 20_000;
const BACKOFF = { first: 500, factor: 2, max: 30_000 };
/** A display that ran for so long did not fail because of its start. */
const STABLE_MS = 60_000;
const COOKIE_BYTES = 16;
const ANY_DISPLAY = 0xffff;

/**
 * The gateway's own display (Xvfb), for headed browsers if the environment names none. It is started again when it dies.
 * DISPLAY and XAUTHORITY tell the browsers where it is and how to open it; other users of the machine cannot.
 */
export class Display implements AsyncDisposable {
  readonly #log: Log;
  readonly #authority: string;
  #server: ChildProcess | undefined;
  #failures = 0;
  #isClosing = false;

  private constructor(authority: string, log: Log) {
    this.#authority = authority;
    this.#log = log;
  }

  /** Gives undefined if no display is needed, or if Xvfb is not installed: Chromium then says what is missing. */
  static async open(browserMode: "headless" | "headed", log: Log): Promise<Display | undefined> {
    if (browserMode === "headless" || process.env["DISPLAY"]) return undefined;
    const authority = join(await makeTempDir("display-"), "authority");
    await writeFile(authority, authorityFile(randomBytes(COOKIE_BYTES)), { mode: 0o600 });
    const display = new Display(authority, log);
    const problem = await display.#start();
    if (problem === undefined) return display;
    log.warn({ reason: problem }, "no display could be started");
    await display[Symbol.asyncDispose]();
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true;
    const server = this.#server;
    if (server?.pid === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, "exit");
    server.kill("SIGKILL");
    await ended;
  }

  /** Gives the reason if it did not start. */
  async #start(): Promise<string | undefined> {
    const startedMs = performance.now();
    const args = ["-displayfd", "3", "-screen", "0", "1280x800x24", "-auth", this.#authority];
    const server = spawn("Xvfb", [...args, "-nolisten", "tcp", "-nolisten", "local"], {
      env: { PATH: process.env["PATH"], TMPDIR: process.env["TMPDIR"] },
      stdio: ["ignore", "ignore", "pipe", "pipe"],
      // Otherwise Ctrl-C in the terminal would end the display while answers are still running.
      detached: true,
    });
    this.#server = server;
    const output = server.stderr ? text(server.stderr).catch(() => "") : "";
    const started = Promise.race([
      once(server.stdio[3] as NodeJS.ReadableStream, "data").then(([data]) => Number(String(data))),
      once(server, "exit").then(() => undefined),
    ]).catch(() => undefined);
    const number = await withTimeout(started, START_LIMIT_MS, () => undefined);
    if (number === undefined) {
      server.kill("SIGKILL");
      return (await output).trim().split("\n").at(-1) || "Xvfb is not installed, or does not start";
    }
    process.env["DISPLAY"] = `:${number}`;
    process.env["XAUTHORITY"] = this.#authority;
    server.once("exit", (code, signal) => this.#onExit({ code, signal }, startedMs));
    this.#log.info({ pid: server.pid, display: number }, "display started");
    return undefined;
  }

  #onExit(ending: object, startedMs: number): void {
    if (this.#isClosing) return;
    if (performance.now() - startedMs > STABLE_MS) this.#failures = 0;
    this.#log.warn(ending, "the display ended; it is started again");
    this.#retry();
  }

  #retry(): void {
    const waitMs = backoffMs(this.#failures, BACKOFF);
    this.#failures += 1;
    setTimeout(() => void this.#startAgain(), waitMs).unref();
  }

  async #startAgain(): Promise<void> {
    if (this.#isClosing) return;
    const problem = await this.#start();
    if (problem === undefined || this.#isClosing) return;
    this.#log.error({ reason: problem }, "the display did not start again");
    this.#retry();
  }
}

/** One MIT-MAGIC-COOKIE-1 that opens every display: https://gitlab.freedesktop.org/xorg/lib/libxau, `XauWriteAuth` */
function authorityFile(cookie: Buffer): Buffer {
  const family = Buffer.alloc(2);
  family.writeUInt16BE(ANY_DISPLAY);
  const nothing = Buffer.alloc(0);
  return Buffer.concat([
    family,
    field(nothing),
    field(nothing),
    field(Buffer.from("MIT-MAGIC-COOKIE-1")),
    field(cookie),
  ]);
}

function field(bytes: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
