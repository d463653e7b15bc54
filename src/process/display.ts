import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Log } from "../observe/log.ts";
import { makeTempDir } from "./temp-dir.ts";

const START_LIMIT_MS = 20_000;
const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 30_000;
/** One that lived so long failed by accident. */
const STABLE_MS = 60_000;
const COOKIE_BYTES = 16;
const ANY_DISPLAY = 0xffff;

/**
 * A display of the gateway's own, where headed browsers need one and the environment names none: Xvfb, started anew when
 * it dies. DISPLAY and XAUTHORITY say where it is and what opens it; other users of the machine have neither.
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

  /** Gives undefined where none is needed, or Xvfb is not installed: Chromium says then what is missing. */
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

  /** Gives the reason why it did not start. */
  async #start(): Promise<string | undefined> {
    const startedMs = performance.now();
    const args = ["-displayfd", "3", "-screen", "0", "1280x800x24", "-auth", this.#authority];
    const server = spawn("Xvfb", [...args, "-nolisten", "tcp", "-nolisten", "local"], {
      env: { PATH: process.env["PATH"], TMPDIR: process.env["TMPDIR"] },
      stdio: ["ignore", "ignore", "pipe", "pipe"],
      // Ctrl-C in the terminal must not take the display away from running answers.
      detached: true,
    });
    this.#server = server;
    const said = server.stderr ? text(server.stderr).catch(() => "") : "";
    const number = await Promise.race([
      once(server.stdio[3] as NodeJS.ReadableStream, "data").then(([data]) => Number(String(data))),
      once(server, "exit").then(() => undefined),
      once(AbortSignal.timeout(START_LIMIT_MS), "abort").then(() => undefined),
    ]).catch(() => undefined);
    if (number === undefined) {
      server.kill("SIGKILL");
      return (await said).trim().split("\n").at(-1) || "Xvfb is not installed, or does not start";
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
    const waitMs = Math.min(FIRST_RETRY_MS * 2 ** this.#failures, MAX_RETRY_MS);
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

/** One MIT-MAGIC-COOKIE-1 for every display: https://gitlab.freedesktop.org/xorg/lib/libxau, `XauWriteAuth` */
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
