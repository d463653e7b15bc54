import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { withoutNeedlessFeatures } from "../../src/browser/features.ts";
import type { BrowserHandle, BrowserProvider } from "../../src/browser/provider.ts";
import { RemoteBrowsers, type RemoteOptions } from "../../src/browser/remote/remote.ts";
import { readBrowserEndpoint } from "../../src/credentials/browser-endpoint.ts";

const CHROMIUM = process.env["BROWSER_PATH"] ?? "/usr/bin/chromium";
/** Browsers whose processes are out of sight are given longer: the tests wait for it. */
const STUCK_AFTER_MS = 2_000;

/** Connects to Chromium programs that run beside it, as to those of another machine; each time to a new one. */
export class NewRemoteBrowsers implements BrowserProvider, AsyncDisposable {
  readonly isLocal = false;
  readonly capacity = 1;
  readonly #args: readonly string[];
  readonly started: RemoteChromium[] = [];

  constructor(args: readonly string[]) {
    this.#args = args;
  }

  async open(signal: AbortSignal): Promise<BrowserHandle> {
    const remote = await RemoteChromium.start(this.#args);
    this.started.push(remote);
    return new RemoteBrowsers(remoteOptions(remote.endpoint, { stuckAfterMs: STUCK_AFTER_MS })).open(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.started.map((remote) => remote[Symbol.asyncDispose]()));
  }
}

/** The settings' own defaults, for the endpoint at this address. */
export function remoteOptions(address: string, further: Partial<RemoteOptions> = {}): RemoteOptions {
  const endpoint = readBrowserEndpoint(address);
  if (typeof endpoint === "string") throw new Error(`no endpoint: expected ${endpoint}`);
  return { endpoint, browserMode: "headless", stealth: false, browserArgs: [], ...further };
}

/** A Chromium that listens for clients of its DevTools protocol. */
export class RemoteChromium implements AsyncDisposable {
  readonly endpoint: string;
  readonly #process: ChildProcess;
  readonly #profile: string;

  private constructor(started: ChildProcess, profile: string, endpoint: string) {
    this.#process = started;
    this.#profile = profile;
    this.endpoint = endpoint;
  }

  /** `port`: any free one unless given. */
  static async start(args: readonly string[], port = 0): Promise<RemoteChromium> {
    const profile = await mkdtemp(join(tmpdir(), "remote-"));
    const switches = ["--headless", "--no-sandbox", `--remote-debugging-port=${port}`, `--user-data-dir=${profile}`];
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
