import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { allProcesses, signalIfRunning, type ProcessEntry } from "../../faults/processes.ts";
import { freePort } from "../../support/free-port.ts";
import { isListening } from "../../support/is-listening.ts";
import { until } from "../../faults/until.ts";
import { RemoteChromium } from "../remote-browsers.ts";

const ROOT = join(import.meta.dirname, "../../..");
const CHROMIUM = process.env["BROWSER_PATH"] ?? "/usr/bin/chromium";
const START_LIMIT_MS = 60_000;
export const TOKEN = "canary-of-a-token-0123456789";

export const KINDS = ["browser-server", "run-server", "devtools"] as const;
export type Kind = (typeof KINDS)[number];

/** What gives browsers from outside the gateway's process. It can be killed, and started again at the same port. */
export interface RemoteServer extends AsyncDisposable {
  readonly port: number;
  /** How many browsers of it run. */
  browsers(): Promise<number>;
  /** BROWSER_ENDPOINT for this port, or for one in front of it. */
  endpoint(port?: number): string;
  signal(name: NodeJS.Signals): void;
  startAgain(): Promise<void>;
}

/** `args`: the switches that every browser needs here. */
export async function startServer(kind: Kind, args: readonly string[]): Promise<RemoteServer> {
  const port = await freePort();
  if (kind === "devtools") return startDevTools(port, args);
  const server = new ServerProcess(kind, port, args);
  await server.startAgain();
  return server;
}

async function startDevTools(port: number, args: readonly string[]): Promise<RemoteServer> {
  let chromium = await RemoteChromium.start(args, port);
  return {
    port,
    browsers: async () => (chromium.hasEnded ? 0 : 1),
    endpoint: (at = port) => `http://127.0.0.1:${at}`,
    signal: (name) => chromium.signal(name),
    startAgain: async () => {
      await chromium[Symbol.asyncDispose]();
      chromium = await RemoteChromium.start(args, port);
    },
    [Symbol.asyncDispose]: () => chromium[Symbol.asyncDispose](),
  };
}

class ServerProcess implements RemoteServer {
  readonly port: number;
  readonly #kind: Exclude<Kind, "devtools">;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;
  #folder: string | undefined;

  constructor(kind: Exclude<Kind, "devtools">, port: number, args: readonly string[]) {
    this.#kind = kind;
    this.port = port;
    this.#args = args;
  }

  async browsers(): Promise<number> {
    return (await this.#started()).length;
  }

  endpoint(at = this.port): string {
    const address = `ws://127.0.0.1:${at}/${TOKEN}`;
    if (this.#kind === "browser-server") return address;
    // Playwright's own Chromium is not installed, and the tests may run as root.
    const launch = JSON.stringify({ executablePath: CHROMIUM, chromiumSandbox: false, args: this.#args });
    return `${address}?launch-options=${encodeURIComponent(launch)}`;
  }

  signal(name: NodeJS.Signals): void {
    process.kill(-(this.#child?.pid ?? 0), name);
  }

  async startAgain(): Promise<void> {
    await this.#end();
    this.#folder ??= await mkdtemp(join(tmpdir(), "r-"));
    const { command, env } = this.#command(this.#folder);
    this.#child = spawn(process.execPath, command, {
      cwd: ROOT,
      env: { ...process.env, ...env, TMPDIR: this.#folder },
      stdio: ["pipe", "ignore", "inherit"],
      detached: true,
    });
    await until("the server of browsers listens", () => isListening(this.port), START_LIMIT_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #started(): Promise<readonly ProcessEntry[]> {
    const pid = this.#child?.pid;
    return (await allProcesses()).filter(({ parentPid, state }) => parentPid === pid && state !== "Z");
  }

  #command(folder: string): { readonly command: string[]; readonly env: Readonly<Record<string, string>> } {
    const port = String(this.port);
    if (this.#kind === "run-server") {
      const cli = join(ROOT, "node_modules/playwright/cli.js");
      const where = ["--host", "127.0.0.1", "--port", port, "--path", `/${TOKEN}`];
      return { command: [cli, "run-server", "--unsafe", ...where], env: {} };
    }
    const settings = { HOST: "127.0.0.1", PORT: port, STATE_DIR: join(folder, "state"), LOG_LEVEL: "error" };
    const browser = { BROWSER_SERVER_TOKEN: TOKEN, BROWSER_ARGS: this.#args.join(" "), BROWSER_PATH: CHROMIUM };
    return { command: ["src/cli.ts", "browser-server"], env: { ...settings, ...browser } };
  }

  /** With all that it started: browsers are leaders of process groups of their own. */
  async #end(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const started = await this.#started();
    const ended = once(child, "exit");
    signalIfRunning(-(child.pid ?? 0), "SIGKILL");
    await ended;
    for (const { pid } of started) signalIfRunning(-pid, "SIGKILL");
  }
}
