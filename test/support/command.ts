import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import { Simulator } from "../../src/simulator/simulator.ts";
import { signalIfRunning } from "../faults/processes.ts";

export const ROOT = join(import.meta.dirname, "../..");
const KEY = "sk-test-0123456789abcdef0123456789abcdef";

/** A command as a user's terminal runs it: a process group of its own, and a temporary folder to look into afterwards. */
export class Command implements AsyncDisposable {
  readonly #child: ReturnType<typeof spawn>;
  readonly #closed: Promise<unknown[]>;
  readonly tempFolder: string;
  output = "";

  constructor(tempFolder: string, args: readonly string[], env: Readonly<Record<string, string>>, cwd = ROOT) {
    this.tempFolder = tempFolder;
    const [command = "", ...rest] = args;
    this.#child = spawn(command, rest, {
      cwd,
      env: {
        ...process.env,
        PORT: "0",
        LOG_FORMAT: "json",
        STATE_DIR: join(tempFolder, "state"),
        ...env,
        TMPDIR: tempFolder,
      },
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    });
    this.#closed = once(this.#child, "close");
    const collect = (chunk: Buffer): void => void (this.output += chunk.toString());
    this.#child.stdout?.on("data", collect);
    this.#child.stderr?.on("data", collect);
  }

  /** The folder's name is short: a gateway takes a folder with a long path for no temporary one. */
  static async run(args: readonly string[], env: Readonly<Record<string, string>> = {}, cwd = ROOT): Promise<Command> {
    const tempFolder = await mkdtemp(join(tmpdir(), "cli-"));
    // As /tmp: a command may run as another user.
    await chmod(tempFolder, 0o1777);
    return new Command(tempFolder, args, env, cwd);
  }

  /** As typed on its terminal. */
  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Waits until the output holds what is looked for. */
  async says(wanted: RegExp): Promise<RegExpExecArray> {
    return vi.waitFor(
      () => {
        const found = wanted.exec(this.output);
        if (!found) throw new Error(`not said yet: ${wanted.source}; said: ${this.output}`);
        return found;
      },
      { timeout: 60_000, interval: 10 },
    );
  }

  /** To the whole group, as Ctrl-C in a terminal goes. */
  signal(name: NodeJS.Signals): void {
    process.kill(-(this.#child.pid ?? 0), name);
  }

  /** To the process that was started, and none of those that it started. */
  signalFirst(name: NodeJS.Signals): void {
    process.kill(this.#child.pid ?? 0, name);
  }

  async ended(): Promise<unknown> {
    const [code] = await this.#closed;
    return code;
  }

  /** Every process that runs with this temporary folder, wherever it went. */
  async processes(): Promise<string[]> {
    const found: string[] = [];
    for (const pid of await readdir("/proc")) {
      const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
      if (environment.includes(this.tempFolder)) found.push(pid);
    }
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const pid of await this.processes()) signalIfRunning(Number(pid), "SIGKILL");
    await rm(this.tempFolder, { recursive: true, force: true, maxRetries: 5 });
  }
}

export const NODE = ["node", "src/cli.ts"];

export function serve(
  site: Simulator,
  env: Readonly<Record<string, string>> = {},
  command: readonly string[] = [...NODE, "serve"],
): Promise<Command> {
  return Command.run(command, {
    GPTOMNI_ORIGIN: site.origin,
    GPTOMNI_CREDENTIALS: JSON.stringify([site.addAccount("alice")]),
    BROWSER_ARGS: site.browserArgs,
    API_MASTER_KEY: KEY,
    RATE_LIMIT: "off",
    ...env,
  });
}

export function ask(url: string, content: string): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "gptomni", stream: true, messages: [{ role: "user", content }] }),
  });
}
