import { chmod, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright";
import { expect } from "vitest";
import type { BrowserSupervisor } from "../../src/browser/browser-supervisor.ts";
import type { AccountStatus } from "../../src/pool/pool-status.ts";
import type { AccountState } from "../../src/pool/account-state.ts";
import type { SimulatorOptions } from "../../src/simulator/simulator.ts";
import { API_KEY } from "../support/api-key.ts";
import { Elsewhere } from "../support/elsewhere.ts";
import { browsersInUse } from "../support/warm-browsers.ts";
import { openWorld, type World } from "../support/world.ts";
import type { Asked } from "./asked.ts";
import { Clients } from "./clients.ts";
import type { Evidence, Leftovers } from "./invariants.ts";
import { chromiumProcesses, zombiesOf, type ProcessEntry } from "./processes.ts";
import { FaultProxy } from "./proxy.ts";
import { storedTokens, tokenOf } from "./tokens.ts";
import { mainPidOf } from "../support/main-pid.ts";

export interface SceneOptions {
  /** Those that faults may meet; `alice` unless told. Another one, the bystander, answers all the while. */
  readonly accounts?: readonly string[];
  readonly settings?: Readonly<Record<string, string>>;
  readonly simulator?: SimulatorOptions;
  /** Further switches for Chromium. */
  readonly browserArgs?: string;
  /** Whether there is a bystander; there is, unless told. */
  readonly withBystander?: boolean;
  /** Whether there is another server that pages may be led to; there is none, unless told. */
  readonly withElsewhere?: boolean;
  /** Whether Chromium's connections go through the proxy. */
  readonly throughProxy?: boolean;
  /** Whether its browsers serve other scenes before and after it: for faults that leave browsers alone. They do not, unless told. */
  readonly sharesBrowsers?: boolean;
  /** How long a request may wait, unless the settings say it; 2 s unless told. */
  readonly queueTimeoutSeconds?: number | undefined;
}

const BYSTANDER = "bystander";
/** As root, browsers run as users of their own. */
const OPEN_TO_BROWSERS = 0o711;
const SETTLING_LIMIT_MS = 60_000;
const ENDING_LIMIT_MS = 30_000;

/** A gateway at work, a client who must not notice anything, and a record of all that is asked and answered. */
export class Scene extends Clients {
  readonly world: World;
  readonly warnings: string[] = [];
  /** Undefined where browsers outlast the scene. */
  readonly #folder: ScratchFolder | undefined;
  readonly #proxy: FaultProxy | undefined;
  readonly #elsewhere: Elsewhere | undefined;
  #victim = "";
  readonly #onWarning = (warning: Error): void => void this.warnings.push(`${warning.name}: ${warning.message}`);

  private constructor(folder: ScratchFolder | undefined, world: World, proxy?: FaultProxy, elsewhere?: Elsewhere) {
    super();
    this.#elsewhere = elsewhere;
    this.#folder = folder;
    this.world = world;
    this.#proxy = proxy;
    process.on("warning", this.#onWarning);
  }

  /** The bystander's answer is under way when it resolves. */
  static async open(options: SceneOptions): Promise<Scene> {
    const { sharesBrowsers = false } = options;
    const folder = sharesBrowsers ? undefined : await ScratchFolder.make();
    let proxy: FaultProxy | undefined;
    const elsewhere = options.withElsewhere ? await Elsewhere.start() : undefined;
    const alsoTrusted = elsewhere ? `,${elsewhere.spkiHash}` : "";
    const { accounts = ["alice"], settings, simulator = {}, browserArgs = "" } = options;
    const { withBystander = true, throughProxy = false, queueTimeoutSeconds = 2 } = options;
    const world = await openWorld({
      accounts: [...(withBystander ? [BYSTANDER] : []), ...accounts],
      waitUntilReady: withBystander,
      ownBrowsers: !sharesBrowsers,
      simulator,
      settings: async (site) => {
        const port = Number(new URL(site.origin).port);
        if (throughProxy) proxy = await FaultProxy.start(port);
        const detour = proxy ? `"--host-resolver-rules=MAP localhost:${port} 127.0.0.1:${proxy.port}"` : "";
        const own = {
          CREDENTIALS_PER_BROWSER: "1",
          QUEUE_TIMEOUT_SECONDS: String(queueTimeoutSeconds),
          BROWSER_ARGS: `${site.browserArgs}${alsoTrusted} ${detour} ${browserArgs}`,
        };
        return { ...own, ...settings };
      },
    });
    const scene = new Scene(folder, world, proxy, elsewhere);
    if (withBystander) await scene.seatBystander();
    scene.#victim = scene.#nextInTurn;
    if (withBystander) await proxy?.spare(() => scene.bystanderHasMore());
    return scene;
  }

  get proxy(): FaultProxy {
    if (!this.#proxy) throw new Error("this scene has no proxy");
    return this.#proxy;
  }

  get elsewhere(): Elsewhere {
    if (!this.#elsewhere) throw new Error("this scene has no other server");
    return this.#elsewhere;
  }

  /** The account, not the bystander's, that the first request goes to. */
  get victim(): string {
    return this.#victim;
  }

  get victimState(): AccountStatus | undefined {
    return this.world.gateway.pool.states.find(({ id }) => id === this.victim);
  }

  /** Accounts serve in the order in which they became ready; when none is, the first one is that is not the bystander's. */
  get #nextInTurn(): string {
    const { states } = this.world.gateway.pool;
    const ready = states.filter(({ state }) => state === "ready").sort((one, other) => one.since - other.since);
    return (ready[0] ?? states.find(({ state }) => state !== "busy"))?.id ?? "";
  }

  /** The browser of the account that was asked this, or of the victim. */
  hostOf(asked?: Asked): BrowserSupervisor {
    const account = this.world.simulator.posts.find(({ prompt }) => prompt === asked?.prompt)?.account;
    const index = [...this.world.cookies.keys()].indexOf(account ?? this.victim);
    const host = this.world.gateway.browsers.supervisors[index];
    if (!host) throw new Error(`no browser for ${account}`);
    return host;
  }

  /** The pages of the account that was asked this, or of the victim. */
  async pages(asked?: Asked): Promise<Page[]> {
    return (await this.hostOf(asked).browser()).contexts().flatMap((context) => context.pages());
  }

  /** Resolves when the victim's page is a challenge. */
  async untilChallengeStands(): Promise<void> {
    const title = async (): Promise<string> => (await this.pages())[0]?.title().catch(() => "") ?? "";
    await expect.poll(title, { interval: 10 }).toBe("Just a moment...");
  }

  /** The victim's processes of a type; without one its main process. */
  async processIds(type: string, asked?: Asked): Promise<number[]> {
    const mainPid = (await mainPidOf(this.hostOf(asked))) ?? 0;
    if (type === "") return [mainPid];
    return (await chromiumProcesses(mainPid, type)).map(({ pid }) => pid);
  }

  /** The fault, from which on recovery is counted. */
  async signal(name: NodeJS.Signals, type: string, asked?: Asked): Promise<void> {
    if (!this.#folder) throw new Error("the browsers of this scene are for others too");
    const pids = await this.processIds(type, asked);
    if (pids.length === 0) throw new Error(`no process ${type}`);
    this.strike();
    for (const pid of pids) process.kill(pid, name);
  }

  /** Ends the scene; what it left behind is in the evidence. `lasting`: the state in which it may leave a victim. */
  async end(lasting?: AccountState): Promise<Evidence> {
    const { world, asked } = this;
    const bystanderEnding = await this.dismissBystander();
    await Promise.all(asked.map(({ over }) => over));
    await this.#untilSettled(lasting);
    const { waiting } = world.gateway.pool;
    const left = await this.#stop();
    const stored = await storedTokens(world);
    await this[Symbol.asyncDispose]();
    return {
      asked: this.bystander ? [...asked, this.bystander] : asked,
      bystanderEnding,
      posts: world.simulator.posts,
      askedElsewhere: this.#elsewhere?.askedPaths ?? [],
      logged: world.logged,
      secrets: [API_KEY, ...[...world.cookies.values()].map(tokenOf)],
      waiting,
      ...left,
      warnings: this.warnings,
      stored,
    };
  }

  /** Stops the gateway. */
  async #stop(): Promise<Leftovers> {
    const { gateway } = this.world;
    const pids = (await Promise.all(gateway.browsers.supervisors.map(mainPidOf))).filter((pid) => pid !== undefined);
    const own = this.#folder ? pids : [];
    const tempFolders = (await this.#folder?.browserFolders()) ?? 0;
    await gateway[Symbol.asyncDispose]();
    return {
      browsers: own.length,
      browsersLeft: browsersInUse(),
      tempFolders,
      processesLeft: await leftOf(own),
      zombies: await zombiesOf(process.pid),
      tempFoldersLeft: (await this.#folder?.browserFolders()) ?? 0,
    };
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.world[Symbol.asyncDispose]();
    await this.#proxy?.[Symbol.asyncDispose]();
    await this.#elsewhere?.[Symbol.asyncDispose]();
    await super[Symbol.asyncDispose]();
    process.off("warning", this.#onWarning);
    await this.#folder?.[Symbol.asyncDispose]();
  }

  async #untilSettled(lasting: AccountState | undefined): Promise<void> {
    const settled = new Set<string | undefined>(["ready", "rate_limited", lasting]);
    const unsettled = (): unknown[] =>
      this.world.gateway.pool.states.filter((one) => !settled.has(one.state) && !isAsleep(one));
    await expect.poll(unsettled, { timeout: SETTLING_LIMIT_MS, interval: 10 }).toEqual([]);
  }

  override get url(): string {
    return this.world.gateway.url;
  }
}

function isAsleep({ state, nextTryAt }: AccountStatus): boolean {
  return state === "idle" && nextTryAt === undefined;
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
    const path = await mkdtemp(join(tmpdir(), "f-"));
    await chmod(path, OPEN_TO_BROWSERS);
    return new ScratchFolder(path);
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
