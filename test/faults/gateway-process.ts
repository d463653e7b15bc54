import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { ADMIN_KEY, API_KEY } from "../support/api-key.ts";
import { freePort } from "../support/free-port.ts";
import { allProcesses, signalIfRunning, type ProcessEntry } from "./processes.ts";
import { until } from "./until.ts";

const ROOT = join(import.meta.dirname, "../..");
/** As scripts/setup.mjs starts it. */
const NODE_FLAGS = ["--max-semi-space-size=8"];
const START_LIMIT_MS = 180_000;
const END_LIMIT_MS = 30_000;

export interface GatewayProcessOptions {
  /** A folder for its state and its temporary files, which outlives it. Its path is short, for Chromium's sockets. */
  readonly home: string;
  readonly settings: Readonly<Record<string, string>>;
  /** Where its log goes in place of the pipe that is read here: an open file. */
  readonly stdout?: number | undefined;
  /** The port that clients use; any free one unless given. */
  readonly port?: number;
}

/** How a process ended. */
interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The gateway as its operator starts it: a process of its own, which can be killed, frozen and starved. */
export class GatewayProcess implements AsyncDisposable {
  readonly url: string;
  readonly settings: GatewayProcessOptions["settings"];
  readonly ended: Promise<Ending>;
  readonly #child: ChildProcess;
  readonly #temporary: string;
  readonly #groups = new Set<number>();
  /** What it wrote so far. */
  logged = "";
  complaints = "";

  private constructor(port: number, temporary: string, { home, settings, stdout }: GatewayProcessOptions) {
    this.#temporary = temporary;
    this.settings = settings;
    this.url = `http://127.0.0.1:${port}`;
    this.#child = spawn(process.execPath, [...NODE_FLAGS, "src/cli.ts", "serve"], {
      cwd: ROOT,
      env: {
        ...process.env,
        PORT: String(port),
        API_MASTER_KEY: API_KEY,
        ADMIN_KEY,
        RATE_LIMIT: "off",
        LOG_LEVEL: "debug",
        LOG_FORMAT: "json",
        STATE_DIR: join(home, "state"),
        ...settings,
        TMPDIR: temporary,
      },
      stdio: ["ignore", stdout ?? "pipe", "pipe"],
      detached: true,
    });
    this.ended = once(this.#child, "close").then(([code, signal]) => ({ code, signal }));
    this.#child.stdout?.on("data", (chunk: Buffer) => void (this.logged += chunk.toString()));
    this.#child.stderr?.on("data", (chunk: Buffer) => void (this.complaints += chunk.toString()));
  }

  /** Nothing is waited for. */
  static async start(options: GatewayProcessOptions): Promise<GatewayProcess> {
    const temporary = join(options.home, "t");
    await mkdir(temporary, { recursive: true });
    // As root, browsers run as users of their own.
    await chmod(options.home, 0o711);
    return new GatewayProcess(options.port ?? (await freePort()), temporary, options);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Waits until its log holds what is looked for. */
  async says(wanted: RegExp, limitMs = START_LIMIT_MS): Promise<void> {
    await until(`the log says ${wanted.source}`, () => wanted.test(this.logged), limitMs).catch((cause: unknown) => {
      throw new Error(`${String(cause)}\n${this.logged}${this.complaints}`, { cause });
    });
  }

  /** To the gateway's own process only. */
  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** To it and to everything it started. */
  async signalAll(name: NodeJS.Signals): Promise<void> {
    for (const { pid } of await this.started()) signalIfRunning(pid, name);
    this.signal(name);
  }

  async status(path: "/readyz" | "/livez"): Promise<number> {
    return (await fetch(`${this.url}${path}`)).status;
  }

  /** The main processes of the browsers that run now. */
  async browsers(): Promise<number[]> {
    const mains = (await this.started()).filter(({ command }) => command.includes("--remote-debugging-pipe"));
    return mains.filter(({ command }) => !command.includes("--type=")).map(({ pid }) => pid);
  }

  /**
   * What it started and that still runs, wherever it went: known by its parent, by the temporary folder in its
   * environment, or by a process group that was known before. Most of Chromium's processes overwrite their environment.
   */
  async started(): Promise<ProcessEntry[]> {
    const all = (await allProcesses()).filter(({ pid, state }) => pid !== this.pid && state !== "Z");
    const environments = await Promise.all(all.map(({ pid }) => readFile(`/proc/${pid}/environ`).catch(() => "")));
    for (const [index, { parentPid, groupId }] of all.entries()) {
      const isOurs = parentPid === this.pid || environments[index]?.includes(`TMPDIR=${this.#temporary}/`);
      if (isOurs && groupId !== this.pid) this.#groups.add(groupId);
    }
    return all.filter(({ groupId }) => groupId === this.pid || this.#groups.has(groupId));
  }

  /** Resolves when nothing that it started runs any more. */
  async allEnded(): Promise<void> {
    await until("all that it started has ended", async () => (await this.started()).length === 0, END_LIMIT_MS);
  }

  /** Gateways' temporary folders, and the browsers' in them. */
  async folders(): Promise<{ readonly gateways: string[]; readonly browsers: string[] }> {
    const gateways = (await readdir(this.#temporary)).filter((name) => name.startsWith("gptomni-"));
    const within = await Promise.all(gateways.map((name) => readdir(join(this.#temporary, name))));
    return { gateways, browsers: within.flat().filter((name) => name.startsWith("b-")) };
  }

  async openFiles(): Promise<number> {
    return (await readdir(`/proc/${this.pid}/fd`)).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.signalAll("SIGKILL");
    await this.ended;
    await this.allEnded();
  }
}
