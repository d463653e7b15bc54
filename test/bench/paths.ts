import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Agent, request } from "undici";
import { spawn } from "node:child_process";
import { on, once } from "node:events";
import { createInterface } from "node:readline";
import { BrowserSupervisor } from "../../src/browser/browser-supervisor.ts";
import { LocalBrowsers } from "../../src/browser/local.ts";
import { Session } from "../../src/browser/session.ts";
import { AuthCookies } from "../../src/browser/auth-cookies.ts";
import { createLog, Redaction } from "../../src/observe/log.ts";
import { gptomni } from "../../src/sites/gptomni.ts";
import { cpuMsOf, kibOf } from "./memory-of.ts";

export interface Upstream {
  readonly origin: string;
  readonly browserArgs: string;
  readonly cookies: readonly string[];
}

/** One way from the site to a reader. `ask` yields the answer's text as it arrives; `index` picks the account. */
export interface Path extends AsyncDisposable {
  readonly name: string;
  ask(prompt: string, index: number): AsyncIterable<string>;
}

const MAX_REPLY_BYTES = 1024 ** 3;
export const CHALLENGE_TIMEOUT_MS = 30_000;

/** A plain HTTP client with the account's cookie: no browser can be faster. */
export function openUndici({ origin, cookies }: Upstream): Path {
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  return {
    name: "undici",
    async *ask(prompt, index) {
      const { body, statusCode } = await request(`${origin}/api/chatWithText`, {
        dispatcher,
        method: "POST",
        headers: {
          "content-type": "text/plain;charset=UTF-8",
          cookie: cookies[index] ?? "",
          origin,
          referer: `${origin}/zh`,
          "sec-fetch-site": "same-origin",
        },
        body: JSON.stringify({ prompt }),
      });
      if (statusCode !== 200) {
        await body.dump();
        throw new Error(`the site answered ${statusCode}`);
      }
      const decoder = new TextDecoder();
      for await (const chunk of body) yield decoder.decode(chunk as Buffer, { stream: true });
    },
    [Symbol.asyncDispose]: () => dispatcher.close(),
  };
}

/** A session that is never recycled, so that nothing interrupts a measurement. */
export function sessionOf(host: BrowserSupervisor, cookie: string, origin: string): Session {
  return sessionWith(host, new AuthCookies(gptomni(new URL(origin)), cookie), origin);
}

export function sessionWith(host: BrowserSupervisor, cookies: AuthCookies, origin: string): Session {
  const site = gptomni(new URL(origin));
  const limits = { challengeTimeoutMs: CHALLENGE_TIMEOUT_MS, maxReplyBytes: MAX_REPLY_BYTES };
  return new Session(host, cookies, { site, ...limits, renewAfterRequests: Infinity });
}

export async function* askInPage(session: Session, prompt: string, signal: AbortSignal): AsyncGenerator<string> {
  const headers = { "Content-Type": "text/plain;charset=UTF-8" };
  const body = JSON.stringify({ prompt });
  const response = await session.fetch({ path: "/api/chatWithText", method: "POST", headers, body }, signal);
  if (response.status !== 200) throw new Error(`the site answered ${response.status}`);
  yield* response.body;
}

/** The fetch in the page and its binding, with no gateway around it. */
export async function openFloor({ origin, browserArgs, cookies }: Upstream, path: string): Promise<Path> {
  const log = createLog({ level: "silent", format: "json", redaction: new Redaction() });
  const options = { browserPath: path, browserMode: "headless", stealth: true, browserArgs: [browserArgs] } as const;
  const host = new BrowserSupervisor(new LocalBrowsers(options), log);
  const sessions = cookies.map((cookie) => sessionOf(host, cookie, origin));
  const { signal } = new AbortController();
  for (const session of sessions) await session.open(signal);
  return {
    name: "floor",
    async *ask(prompt, index) {
      const session = sessions[index];
      if (!session) throw new Error(`no session ${index}`);
      yield* askInPage(session, prompt, signal);
    },
    [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
  };
}

export interface GatewayPath extends Path {
  /** The gateway's own process. */
  readonly pid: number;
  /** Its base URL, without a path. */
  readonly url: string;
  /** How long after its start it listened, in milliseconds; its resident memory then, in KiB, and its processor time so far. */
  readonly listeningMs: number;
  readonly listeningKib: number;
  readonly listeningCpuMs: number;
  /** Resolves when its process has ended. */
  readonly ended: Promise<unknown>;
  kill(signal: NodeJS.Signals): void;
  /** Resolves with the next line of its log that holds these words. */
  says(words: string): Promise<void>;
}

const API_KEY = "sk-bench-0123456789abcdef0123456789";

/**
 * The whole gateway in a process of its own, read through its event stream; with further settings if given. `pages`: how many
 * are open when it resolves; unless told, all that may be.
 */
export async function openGateway(
  upstream: Upstream,
  stateDir: string,
  settings: Readonly<Record<string, string>> = {},
  pages = Math.min(upstream.cookies.length, Number(settings["MAX_OPEN_SESSIONS"] ?? Infinity)),
): Promise<GatewayPath> {
  await mkdir(stateDir, { recursive: true });
  // Longer than a variable of the environment may be.
  const accountsFile = join(stateDir, "accounts.json");
  await writeFile(accountsFile, JSON.stringify(upstream.cookies), { mode: 0o600 });
  const startedMs = performance.now();
  const child = spawn(process.execPath, [...process.execArgv, "src/cli.ts", "serve"], {
    env: {
      ...process.env,
      PORT: "0",
      LOG_FORMAT: "json",
      API_MASTER_KEY: API_KEY,
      GPTOMNI_ORIGIN: upstream.origin,
      CREDENTIALS_FILE: accountsFile,
      BROWSER_ARGS: upstream.browserArgs,
      RATE_LIMIT: "off",
      OPEN_RATE: "off",
      // As many browsers as the floor has.
      CREDENTIALS_PER_BROWSER: String(upstream.cookies.length),
      MAX_REPLY_BYTES: String(MAX_REPLY_BYTES),
      STATE_DIR: stateDir,
      ...settings,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout });
  let listeningMs = 0;
  let listeningKib = Promise.resolve(0);
  let listeningCpuMs = Promise.resolve(0);
  const url = await new Promise<string>((resolve, reject) => {
    child.once("exit", () => reject(new Error("the gateway ended at once")));
    let listening = "";
    let open = 0;
    lines.on("line", (line) => {
      if (listening === "" && line.includes('"listening"')) {
        listening = /"url":"([^"]+)"/.exec(line)?.[1] ?? "";
        listeningMs = performance.now() - startedMs;
        listeningKib = kibOf(child.pid ?? 0, "status", "VmRSS");
        listeningCpuMs = cpuMsOf(child.pid ?? 0);
      }
      if (line.includes('"session open"')) open += 1;
      if (listening !== "" && open >= pages) resolve(listening);
    });
  });
  const dispatcher = new Agent();
  const ended = once(child, "exit");
  return {
    name: "gateway",
    pid: child.pid ?? 0,
    url,
    listeningMs,
    listeningKib: await listeningKib,
    listeningCpuMs: await listeningCpuMs,
    ended,
    kill: (signal) => void child.kill(signal),
    says: async (words) => {
      for await (const [line] of on(lines, "line") as AsyncIterable<[string]>) if (line.includes(words)) return;
    },
    async *ask(prompt) {
      const { body, statusCode } = await request(`${url}/v1/chat/completions`, {
        dispatcher,
        method: "POST",
        headers: { authorization: `Bearer ${API_KEY}`, "content-type": "application/json" },
        body: JSON.stringify({
          model: "gptomni",
          stream: true,
          messages: [{ role: "user", content: prompt }],
          // Every answer is searched for the end that never comes, and counted.
          stop: ["\u0000never"],
          stream_options: { include_usage: true },
        }),
      });
      if (statusCode !== 200) throw new Error(`gateway answered ${statusCode}: ${await body.text()}`);
      yield* deltas(body);
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await ended;
      await dispatcher.close();
    },
  };
}

async function* deltas(body: AsyncIterable<Buffer>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (!line.startsWith("data: {")) continue;
      const frame = JSON.parse(line.slice(6)) as { error?: unknown; choices: { delta: { content?: string } }[] };
      if (frame.error) throw new Error(line);
      yield frame.choices[0]?.delta.content ?? "";
    }
  }
}
