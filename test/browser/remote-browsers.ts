import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright";
import { browserCall } from "../../src/browser/browser-call.ts";
import { withoutNeedlessFeatures } from "../../src/browser/features.ts";
import { Heartbeat } from "../../src/browser/heartbeat.ts";
import type { BrowserHandle, BrowserProvider } from "../../src/browser/provider.ts";

const CHROMIUM = process.env["BROWSER_PATH"] ?? "/usr/bin/chromium";
/** A provider that cannot see the browser's processes only knows that no answer came. */
const STUCK_AFTER_MS = 2_000;
const CLOSE_LIMIT_MS = 1_000;

/** A provider that starts no browser: it connects to Chromium programs that run beside it, as to those of another machine. */
export class RemoteBrowsers implements BrowserProvider, AsyncDisposable {
  readonly capacity = 1;
  readonly #args: readonly string[];
  readonly started: RemoteChromium[] = [];

  constructor(args: readonly string[]) {
    this.#args = args;
  }

  async open(): Promise<BrowserHandle> {
    const remote = await RemoteChromium.start(this.#args);
    this.started.push(remote);
    const browser = await chromium.connectOverCDP(remote.endpoint);
    const cdp = await browser.newBrowserCDPSession();
    // A frozen browser does not answer the end of the connection.
    const disconnect = (): Promise<void> =>
      browserCall(CLOSE_LIMIT_MS, "leave the browser", browser.close()).catch(() => {});
    return {
      browser,
      logFields: { endpoint: remote.endpoint },
      confinement: undefined,
      watch: (onDead) =>
        new Heartbeat({ browser, cdp, processorTime: () => Number.NaN, onDead, stuckAfterMs: STUCK_AFTER_MS }),
      kill: () => void disconnect(),
      close: disconnect,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.started.map((remote) => remote[Symbol.asyncDispose]()));
  }
}

/** A Chromium that listens for one client. */
export class RemoteChromium implements AsyncDisposable {
  readonly endpoint: string;
  readonly #process: ChildProcess;
  readonly #profile: string;

  private constructor(started: ChildProcess, profile: string, endpoint: string) {
    this.#process = started;
    this.#profile = profile;
    this.endpoint = endpoint;
  }

  static async start(args: readonly string[]): Promise<RemoteChromium> {
    const profile = await mkdtemp(join(tmpdir(), "remote-"));
    const switches = ["--headless", "--no-sandbox", "--remote-debugging-port=0", `--user-data-dir=${profile}`];
    // As the leader of a process group, all of it can be ended at once.
    const started = spawn(CHROMIUM, [...switches, ...withoutNeedlessFeatures(args)], {
      detached: true,
      stdio: ["ignore", "ignore", "pipe"],
    });
    for await (const line of createInterface({ input: started.stderr })) {
      const endpoint = /DevTools listening on (ws:\S+)/.exec(line)?.[1];
      if (endpoint !== undefined) {
        started.stderr.resume();
        return new RemoteChromium(started, profile, endpoint);
      }
    }
    throw new Error("Chromium ended at once");
  }

  get pid(): number {
    return this.#process.pid ?? Number.NaN;
  }

  get hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  signal(name: NodeJS.Signals): void {
    process.kill(-this.pid, name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.hasEnded) {
      const ended = once(this.#process, "exit");
      this.signal("SIGKILL");
      await ended;
    }
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
