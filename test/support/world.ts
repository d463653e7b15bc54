import OpenAI from "openai";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { vi } from "vitest";
import { loadConfig } from "../../src/config/config.ts";
import { createLog, Redaction, type Log } from "../../src/observe/log.ts";
import { MemoryPressure } from "../../src/process/memory-pressure.ts";
import { startGateway, type RunningGateway } from "../../src/main.ts";
import { ASLEEP } from "../../src/pool/account.ts";
import type { AccountStatus } from "../../src/pool/pool-status.ts";
import { Simulator, type SimulatorOptions } from "../../src/simulator/simulator.ts";
import { ADMIN_KEY, API_KEY } from "./api-key.ts";
import { testCertificate } from "./certificate.ts";
import { WarmBrowsers } from "./warm-browsers.ts";

type Settings = Readonly<Record<string, string>>;

export interface WorldOptions {
  /** Account names; each becomes an account with the same id. */
  readonly accounts?: readonly string[];
  /** Further environment variables, or how they come from the site that runs. */
  readonly settings?: Settings | ((site: Simulator) => Settings | Promise<Settings>);
  readonly simulator?: SimulatorOptions;
  /** What `ask` asks; gptomni unless given. */
  readonly model?: string;
  /** The share of the memory that is used, in place of the machine's. */
  readonly usedMemoryShare?: () => number;
  /** Whether browsers start and end with the world, as an operator's do. By default, worlds use them in turn. */
  readonly ownBrowsers?: boolean;
  readonly checkStateEveryMs?: number;
  /** Whether to wait until every session is ready; true unless told. */
  readonly waitUntilReady?: boolean;
}

/** A simulated site, a gateway in front of it with a real Chromium, and the official client. */
export interface World extends AsyncDisposable {
  readonly simulator: Simulator;
  /** The one that runs now, and its client. */
  readonly gateway: RunningGateway;
  readonly client: OpenAI;
  readonly stateDir: string;
  /** Everything the gateway logged, a JSON line each. */
  readonly logged: string[];
  readonly log: Log;
  /** Cookie headers by account name. */
  readonly cookies: ReadonlyMap<string, string>;
  /** One user message; resolves with the whole answer's text. */
  ask(prompt: string, options?: { signal?: AbortSignal }): Promise<string>;
  /** A plain request with the key, for what the client hides. */
  post(path: string, body: unknown, init?: RequestInit): Promise<Response>;
  untilReady(): Promise<void>;
  /** Stops the gateway and starts it again on the same state, with further settings if given. */
  restart(settings?: Readonly<Record<string, string>>): Promise<void>;
}

type Running = Pick<World, "gateway" | "client">;

export async function openWorld(options: WorldOptions = {}): Promise<World> {
  await using opened = new AsyncDisposableStack();
  const simulator = opened.use(await Simulator.start({ certificate: await testCertificate(), ...options.simulator }));
  const stateDir = await mkdtemp(join(tmpdir(), "gptomni-test-"));
  opened.defer(() => rm(stateDir, { recursive: true, force: true }));
  const cookies = new Map((options.accounts ?? ["alice", "bob"]).map((name) => [name, simulator.addAccount(name)]));
  const accounts = [...cookies].map(([id, cookie]) => ({ id, cookie }));
  const settings = {
    PORT: "0",
    API_MASTER_KEY: API_KEY,
    GPTOMNI_ORIGIN: simulator.origin,
    GPTOMNI_CREDENTIALS: JSON.stringify(accounts),
    BROWSER_ARGS: simulator.browserArgs,
    BROWSER_PATH: process.env["BROWSER_PATH"],
    RATE_LIMIT: "off",
    STATE_DIR: stateDir,
    ...(typeof options.settings === "function" ? await options.settings(simulator) : options.settings),
  };
  const logged: string[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      logged.push(chunk.toString());
      done();
    },
  });
  const redaction = new Redaction([API_KEY, ADMIN_KEY, ...cookies.values()]);
  const log = createLog({ level: "debug", format: "json", redaction }, sink);
  const start = async (further: object = {}): Promise<Running> => {
    const config = loadConfig({ ...settings, ...further });
    const gateway = await startGateway(config, { api: API_KEY, admin: ADMIN_KEY }, log, {
      ...(options.ownBrowsers || config.browserEndpoint ? {} : { provider: new WarmBrowsers(config.browser) }),
      ...(options.checkStateEveryMs === undefined ? {} : { checkStateEveryMs: options.checkStateEveryMs }),
      memory: new MemoryPressure({
        usedShare: options.usedMemoryShare,
        holdsPages: config.browserEndpoint === undefined,
      }),
      redaction,
    });
    return { gateway, client: new OpenAI({ apiKey: API_KEY, baseURL: `${gateway.url}/v1`, maxRetries: 0 }) };
  };
  let running = await start();
  opened.defer(() => running.gateway[Symbol.asyncDispose]());
  const untilReady = (): Promise<void> =>
    vi.waitFor(
      () => {
        const unready = running.gateway.pool.states.filter((one) => !isReady(one));
        if (unready.length > 0) throw new Error(JSON.stringify(unready));
      },
      { timeout: 110_000, interval: 10 },
    );
  if (options.waitUntilReady ?? true) await untilReady();
  const stack = opened.move();
  return {
    simulator,
    get gateway() {
      return running.gateway;
    },
    get client() {
      return running.client;
    },
    restart: async (further) => {
      await running.gateway.drain();
      await running.gateway[Symbol.asyncDispose]();
      running = await start(further);
    },
    stateDir,
    logged,
    log,
    cookies,
    untilReady,
    ask: async (prompt, init) => {
      const completion = await running.client.chat.completions.create(
        { model: options.model ?? "gptomni", messages: [{ role: "user", content: prompt }] },
        init,
      );
      return completion.choices[0]?.message.content ?? "";
    },
    post: (path, body, init) =>
      fetch(`${running.gateway.url}${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${API_KEY}`, "content-type": "application/json" },
        body: typeof body === "string" ? body : JSON.stringify(body),
        ...init,
      }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** The first ones may be asleep again when the last one opens; and where there is no room for all, some never opened. */
function isReady({ state, reason }: AccountStatus): boolean {
  return state === "ready" || reason === ASLEEP;
}
