import { mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { GatewayProcess } from "../faults/gateway-process.ts";
import { freePort } from "../support/free-port.ts";
import { textsIn } from "../faults/memory-of.ts";
import { ADMIN_KEY, API_KEY } from "../support/api-key.ts";
import { HIJACKED } from "../support/elsewhere.ts";
import { DebugPort } from "./debug-port.ts";
import type { SiteProcess } from "./site-process.ts";

const SECRET_KEY = "canary-of-the-secret-key-0123456789abcdef";
/** A browser starts in a second or two where nothing else runs. */
const START_LIMIT_MS = 90_000;
/** A page that the gateway did not open is closed long before. */
const STRAY_LIMIT_MS = 5_000;

/** How long a request and each of its parts may take. */
export interface Limits {
  readonly requestSeconds: number;
  readonly partSeconds: number;
}

/** A gateway with one account, in a process of its own, and what can be seen of it from outside. */
export class PageGateway implements AsyncDisposable {
  readonly #process: GatewayProcess;
  readonly port: DebugPort;
  readonly #answerLimitMs: number;
  readonly #stack: AsyncDisposableStack;
  #firstMib = 0;

  private constructor(
    parts: { readonly gateway: GatewayProcess; readonly port: DebugPort; readonly limits: Limits },
    stack: AsyncDisposableStack,
  ) {
    this.#process = parts.gateway;
    this.port = parts.port;
    // The deadline, the answer that begins just before it, and as much again for a busy machine.
    this.#answerLimitMs = 2 * (parts.limits.requestSeconds + parts.limits.partSeconds) * 1_000;
    this.#stack = stack;
  }

  /** It has answered once when it resolves. `account`: of a new name, since accounts are remembered. */
  static async start(site: SiteProcess, account: string, limits: Limits): Promise<PageGateway> {
    await using opened = new AsyncDisposableStack();
    const home = opened.use(await mkdtempDisposable(join(tmpdir(), "p-")));
    const port = await freePort();
    const { origin, browserArgs } = site.address;
    const partSeconds = String(limits.partSeconds);
    const settings = {
      SECRET_KEY,
      LOG_LEVEL: "info",
      API_REQUEST_TIMEOUT: String(limits.requestSeconds),
      QUEUE_TIMEOUT_SECONDS: partSeconds,
      FIRST_BYTE_TIMEOUT_SECONDS: partSeconds,
      IDLE_TIMEOUT_SECONDS: partSeconds,
      CHALLENGE_TIMEOUT_SECONDS: partSeconds,
      GPTOMNI_ORIGIN: origin,
      GPTOMNI_CREDENTIALS: JSON.stringify([{ id: account, cookie: await site.signIn(account) }]),
      // As in a browser whose user lets popups through.
      BROWSER_ARGS: `${browserArgs} --disable-popup-blocking --remote-debugging-port=${port}`,
    };
    const gateway = opened.use(await GatewayProcess.start({ home: home.path, settings }));
    await gateway.says(/"session open"/, START_LIMIT_MS);
    const started = new PageGateway({ gateway, port: new DebugPort(port), limits }, opened.move());
    await started.ask("warm?", false);
    await started.#peakMib();
    started.#firstMib = await started.#peakMib();
    return started;
  }

  get url(): string {
    return this.#process.url;
  }

  /** Its log so far. */
  get logged(): string {
    return this.#process.logged;
  }

  /** The status of an answer, the code of an error, or a sentence. */
  async ask(prompt: string, stream: boolean): Promise<string> {
    try {
      const response = await fetch(`${this.url}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${API_KEY}`, "content-type": "application/json" },
        body: JSON.stringify({ model: "gptomni", stream, messages: [{ role: "user", content: prompt }] }),
        signal: AbortSignal.timeout(this.#answerLimitMs),
      });
      const text = await response.text();
      if (text.includes(HIJACKED)) return "another server answered";
      const code = /"code":"([a-z_]+)"/.exec(text)?.[1];
      if (code !== undefined) return code;
      if (stream && !text.includes("[DONE]")) return "a stream without an end";
      return response.status === 200 ? "200" : `an error without a code: ${text.slice(0, 200)}`;
    } catch (cause) {
      return `no answer: ${String(cause)}`;
    }
  }

  /** Whether it ended, or something in it failed that nobody expected. */
  get mishap(): string | undefined {
    if (this.#process.hasEnded) return "the gateway ended";
    return /[^"]*nobody (?:caught|handled)|uncaught [^"]*|unhandled [^"]*/.exec(this.#process.logged)?.[0];
  }

  /** The addresses of pages, beyond the account's one, that live for longer than a while. */
  async strays(): Promise<string[]> {
    const before = new Set((await this.port.pages()).map(({ id }) => id));
    if (before.size <= 1) return [];
    await delay(STRAY_LIMIT_MS);
    const stayed = (await this.port.pages()).filter(({ id }) => before.has(id));
    return stayed.length <= 1 ? [] : stayed.map(({ url }) => url.slice(0, 100));
  }

  /** Which of its secrets are in Chromium's processes. Needs root; nothing is found without. */
  async secretsFound(): Promise<string[]> {
    if (process.getuid?.() !== 0) return [];
    const mains = new Set(await this.#process.browsers());
    const processes = (await this.#process.started()).filter(({ groupId }) => mains.has(groupId));
    const found: string[] = [];
    // One that ended meanwhile has no memory any more.
    for (const { pid } of processes)
      found.push(...(await textsIn(pid, [SECRET_KEY, API_KEY, ADMIN_KEY]).catch(() => [])));
    return found;
  }

  /** The most memory that it took since the last question, above what it had after its first answer. */
  async growthMib(): Promise<number> {
    return Math.max(0, (await this.#peakMib()) - this.#firstMib);
  }

  async #peakMib(): Promise<number> {
    const { pid } = this.#process;
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    await writeFile(`/proc/${pid}/clear_refs`, "5").catch(() => {});
    return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}
