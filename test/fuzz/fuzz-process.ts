import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

export const FUZZ_KEY = "sk-fuzz-0123456789abcdef";
export const MAX_BODY_BYTES = 4_194_304;
const MIB = 1024 * 1024;

export interface Health {
  /** The longest that the event loop stood still since the last question. */
  readonly stallMs: number;
  readonly rssBytes: number;
}

export interface Outcome {
  /** 0: no answer came in time. */
  readonly status: number;
  readonly text: string;
}

/** A gateway in a process of its own. One that nobody asks anything is the idle loop of the same run. */
export class FuzzProcess implements Disposable {
  readonly #child: ChildProcess;
  readonly #port: number;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.#port = port;
  }

  static async start(): Promise<FuzzProcess> {
    const child = fork(join(import.meta.dirname, "fuzz-server.ts"), { stdio: ["ignore", "ignore", "ignore", "ipc"] });
    const [port] = (await once(child, "message")) as [number];
    const started = new FuzzProcess(child, port);
    // The vocabulary and the worker of the schemas are loaded with the first request.
    await started.ask(
      "/v1/messages/count_tokens",
      { model: "gptomni", messages: [{ role: "user", content: "Hi" }] },
      60_000,
    );
    await started.health(60_000);
    return started;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async ask(path: string, body: unknown, limitMs: number): Promise<Outcome> {
    try {
      const response = await fetch(`http://127.0.0.1:${this.#port}${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${FUZZ_KEY}`, "content-type": "application/json" },
        body: typeof body === "string" ? body : JSON.stringify(body),
        signal: AbortSignal.timeout(limitMs),
      });
      return { status: response.status, text: await response.text() };
    } catch {
      return { status: 0, text: "" };
    }
  }

  /** Undefined when the event loop does not come around in time. */
  async health(limitMs: number): Promise<Health | undefined> {
    if (!this.isAlive) return undefined;
    this.#child.send("health");
    const signal = AbortSignal.timeout(limitMs);
    return once(this.#child, "message", { signal }).then(
      ([health]) => health as Health,
      () => undefined,
    );
  }

  /** The most memory that it ever had since the last question, in MiB. */
  async peakMib(): Promise<number> {
    const status = await readFile(`/proc/${this.#child.pid}/status`, "utf8").catch(() => "");
    await writeFile(`/proc/${this.#child.pid}/clear_refs`, "5").catch(() => undefined);
    return (Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024) / MIB;
  }

  [Symbol.dispose](): void {
    this.#child.kill("SIGKILL");
  }
}
