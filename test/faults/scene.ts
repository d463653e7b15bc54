import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Agent } from "undici";
import { expect, vi } from "vitest";
import type { BrowserHost } from "../../src/browser/browser-host.ts";
import type { SlotStatus } from "../../src/pool/session-pool.ts";
import type { CredentialState } from "../../src/pool/slot.ts";
import type { SimulatorOptions } from "../../src/simulator/simulator.ts";
import { API_KEY, openWorld, type World } from "../world.ts";
import { CredentialStore } from "../../src/store/credential-store.ts";
import { obtainSecretKey } from "../../src/store/secret-key.ts";
import { Asked, type Asking, type Ending } from "./asked.ts";
import type { Evidence } from "./invariants.ts";
import { chromiumProcesses, zombiesOf, type ProcessEntry } from "./processes.ts";
import { FaultProxy } from "./proxy.ts";

export interface SceneOptions {
  /** Those that faults may meet; `alice` unless told. Another one, the bystander, answers all the while. */
  readonly accounts?: readonly string[];
  readonly settings?: Readonly<Record<string, string>>;
  readonly simulator?: SimulatorOptions;
  /** Further switches for Chromium. */
  readonly browserArgs?: string;
  /** Whether there is a bystander; there is, unless told. */
  readonly withBystander?: boolean;
  /** Whether Chromium's connections go through the proxy. */
  readonly throughProxy?: boolean;
}

const BYSTANDER = "bystander";
/** Characters that come in about a quarter of a second. */
const TICKS_AT_LEAST = 25;
const TICKING = '@sim {"chunks":1000000,"chunkDelayMs":50,"chunkText":"tick "}';
const RECOVERY_LIMIT_MS = 60_000;
const ENDING_LIMIT_MS = 2_000;

/** A gateway at work, a client who must not notice anything, and a record of all that is asked and answered. */
export class Scene implements AsyncDisposable {
  readonly world: World;
  readonly asked: Asked[] = [];
  readonly warnings: string[] = [];
  readonly #folder: ScratchFolder;
  readonly #agent = new Agent();
  readonly #proxy: FaultProxy | undefined;
  readonly #onWarning = (warning: Error): void => void this.warnings.push(`${warning.name}: ${warning.message}`);
  #bystander: Asked | undefined;
  #faultMs = 0;

  private constructor(folder: ScratchFolder, world: World, proxy: FaultProxy | undefined) {
    this.#folder = folder;
    this.world = world;
    this.#proxy = proxy;
    process.on("warning", this.#onWarning);
  }

  /** The bystander's answer is under way when it resolves. */
  static async open(options: SceneOptions): Promise<Scene> {
    const folder = await ScratchFolder.make();
    let proxy: FaultProxy | undefined;
    const { accounts = ["alice"], settings, simulator = {}, browserArgs = "" } = options;
    const { withBystander = true, throughProxy = false } = options;
    const world = await openWorld({
      accounts: [...(withBystander ? [BYSTANDER] : []), ...accounts],
      waitUntilReady: withBystander,
      simulator,
      settings: async (site) => {
        const port = Number(new URL(site.origin).port);
        if (throughProxy) proxy = await FaultProxy.start(port);
        const detour = proxy ? `"--host-resolver-rules=MAP localhost:${port} 127.0.0.1:${proxy.port}"` : "";
        const own = {
          CREDENTIALS_PER_BROWSER: "1",
          QUEUE_TIMEOUT_SECONDS: "2",
          BROWSER_ARGS: `${site.browserArgs} ${detour} ${browserArgs}`,
        };
        return { ...own, ...settings };
      },
    });
    const scene = new Scene(folder, world, proxy);
    if (withBystander) await scene.#seatBystander();
    return scene;
  }

  get proxy(): FaultProxy {
    if (!this.#proxy) throw new Error("this scene has no proxy");
    return this.#proxy;
  }

  /** Asks without waiting; each prompt is told from all others. */
  ask(wanted: object | string = "", isStream = true): Asked {
    const number = this.asked.length + 1;
    const prompt = `request ${number}\n${typeof wanted === "string" ? wanted : `@sim ${JSON.stringify(wanted)}`}`;
    const asked = new Asked({ ...this.#asking, prompt, isStream });
    this.asked.push(asked);
    return asked;
  }

  /** Asks for an answer without end and resolves when it has begun. */
  async askEndless(): Promise<Asked> {
    const asked = this.ask({ chunks: 1_000_000, chunkDelayMs: 20, chunkText: "word " });
    await asked.begun();
    return asked;
  }

  /** An account that is not the bystander's. */
  get victim(): string {
    const posts = this.world.simulator.posts;
    const taken = posts.find(({ prompt }) => prompt === this.#bystander?.prompt)?.account;
    return [...this.world.cookies.keys()].find((id) => id !== taken) ?? "";
  }

  get victimState(): SlotStatus | undefined {
    return this.world.gateway.pool.states.find(({ id }) => id === this.victim);
  }

  /** The browser of the account that was asked this, or of the victim. */
  hostOf(asked?: Asked): BrowserHost {
    const account = this.world.simulator.posts.find(({ prompt }) => prompt === asked?.prompt)?.account;
    const index = [...this.world.cookies.keys()].indexOf(account ?? this.victim);
    const host = this.world.gateway.browsers.hosts[index];
    if (!host) throw new Error(`no browser for ${account}`);
    return host;
  }

  /** The victim's processes of a type; without one its main process. */
  async processIds(type: string, asked?: Asked): Promise<number[]> {
    const mainPid = (await this.hostOf(asked).pid()) ?? 0;
    if (type === "") return [mainPid];
    return (await chromiumProcesses(mainPid, type)).map(({ pid }) => pid);
  }

  /** The fault, from which on recovery is counted. */
  async signal(name: NodeJS.Signals, type: string, asked?: Asked): Promise<void> {
    const pids = await this.processIds(type, asked);
    if (pids.length === 0) throw new Error(`no process ${type}`);
    this.strike();
    for (const pid of pids) process.kill(pid, name);
  }

  strike(): void {
    this.#faultMs = performance.now();
  }

  /** How long it took since the fault until an account that is not the bystander's answers again. */
  async recovered(): Promise<number> {
    for (;;) {
      const asked = this.ask("are you well?", false);
      await asked.over;
      if (asked.ending === "answered") return asked.endedMs - this.#faultMs;
      if (performance.now() - this.#faultMs > RECOVERY_LIMIT_MS) throw new Error(`it never recovered: ${asked.got}`);
    }
  }

  /** Ends the scene; what it left behind is in the evidence. `lasting`: the state in which it may leave a victim. */
  async end(lasting?: CredentialState): Promise<Evidence> {
    const { world, asked } = this;
    const bystanderEnding = await this.#dismissBystander();
    await Promise.all(asked.map(({ over }) => over));
    await this.#untilSettled(lasting);
    const { waiting } = world.gateway.pool;
    const { hosts } = world.gateway.browsers;
    const mainPids = (await Promise.all(hosts.map((host) => host.pid()))).filter((pid) => pid !== undefined);
    const scratchDirs = await this.#folder.browserFolders();
    await world.gateway[Symbol.asyncDispose]();
    const processesLeft = await leftOf(mainPids);
    const scratchDirsLeft = await this.#folder.browserFolders();
    const stored = await this.#storedTokens();
    await this[Symbol.asyncDispose]();
    return {
      asked: this.#bystander ? [...asked, this.#bystander] : asked,
      bystanderEnding,
      posts: world.simulator.posts,
      logged: world.logged,
      secrets: [API_KEY, ...[...world.cookies.values()].map(tokenOf)],
      waiting,
      browsers: mainPids.length,
      scratchDirs,
      processesLeft,
      scratchDirsLeft,
      warnings: this.warnings,
      stored,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.world[Symbol.asyncDispose]();
    await this.#proxy?.[Symbol.asyncDispose]();
    await this.#agent.destroy();
    process.off("warning", this.#onWarning);
    await this.#folder[Symbol.asyncDispose]();
  }

  async #seatBystander(): Promise<void> {
    const bystander = new Asked({ ...this.#asking, prompt: `bystander\n${TICKING}`, isStream: true });
    this.#bystander = bystander;
    await bystander.begun();
    const more = bystander.text.length + TICKS_AT_LEAST;
    await this.#proxy?.spare(() => vi.waitUntil(() => bystander.text.length > more, { interval: 10 }).then(() => {}));
  }

  /** Sees that it is still being answered, and lets it go. */
  async #dismissBystander(): Promise<Ending> {
    const bystander = this.#bystander;
    if (!bystander) return "under way";
    const more = bystander.text.length + TICKS_AT_LEAST;
    const hasMore = (): boolean => bystander.text.length > more || bystander.ending !== "under way";
    await vi.waitUntil(hasMore, { timeout: 5_000, interval: 10 });
    const { ending } = bystander;
    bystander.leave();
    await bystander.over;
    return ending;
  }

  async #untilSettled(lasting: CredentialState | undefined): Promise<void> {
    const settled = new Set<string | undefined>(["ready", "resting", lasting]);
    const unsettled = (): unknown[] =>
      this.world.gateway.pool.states.filter((one) => !settled.has(one.state) && !isAsleep(one));
    await expect.poll(unsettled, { timeout: RECOVERY_LIMIT_MS, interval: 10 }).toEqual([]);
  }

  /** Whether the tokens that hold at the site are those that a restart would begin with, by account. */
  async #storedTokens(): Promise<Evidence["stored"]> {
    const { world } = this;
    await using store = await CredentialStore.open(world.stateDir, await obtainSecretKey(world.stateDir, undefined));
    const accounts = [...world.cookies].map(async ([id, cookie]) => {
      const current = world.simulator.accounts.currentToken(id);
      const known = (await store.load(id, cookie))?.cookies ?? "";
      return { id, isNewest: current === undefined || known.includes(current) };
    });
    return await Promise.all(accounts);
  }

  get #asking(): Pick<Asking, "url" | "apiKey" | "agent"> {
    return { url: this.world.gateway.url, apiKey: API_KEY, agent: this.#agent };
  }
}

function isAsleep({ state, nextTryAt }: SlotStatus): boolean {
  return state === "cold" && nextTryAt === undefined;
}

/** What still runs of browsers that were ended; one that is killed takes a moment to go. */
async function leftOf(mainPids: readonly number[]): Promise<ProcessEntry[]> {
  const endMs = performance.now() + ENDING_LIMIT_MS;
  for (;;) {
    const living = await Promise.all(mainPids.map((pid) => chromiumProcesses(pid)));
    const left = [...living.flat(), ...(await zombiesOf(process.pid))];
    if (left.length === 0 || performance.now() > endMs) return left;
  }
}

/** What is temporary goes here, so that what is left can be seen. */
class ScratchFolder implements AsyncDisposable {
  readonly #path: string;
  readonly #before = process.env["TMPDIR"];

  private constructor(path: string) {
    this.#path = path;
    process.env["TMPDIR"] = path;
  }

  static async make(): Promise<ScratchFolder> {
    return new ScratchFolder(await mkdtemp(join(tmpdir(), "f-")));
  }

  async browserFolders(): Promise<number> {
    return (await readdir(this.#path)).filter((name) => name.startsWith("b-")).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = this.#before;
    await rm(this.#path, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A Cookie header's secret, which no log line or answer may hold. */
function tokenOf(cookie: string): string {
  return /session-token=([^;]+)/.exec(cookie)?.[1] ?? cookie;
}
