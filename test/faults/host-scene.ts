import { closeSync } from "node:fs";
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Simulator, type SimulatorOptions } from "../../src/simulator/simulator.ts";
import { ADMIN_KEY, API_KEY } from "../support/api-key.ts";
import { Clients } from "./clients.ts";
import { GatewayProcess } from "./gateway-process.ts";
import type { Evidence } from "./invariants.ts";
import { zombiesOf } from "./processes.ts";
import { storedTokens, tokenOf } from "./tokens.ts";
import { until } from "./until.ts";

export interface HostOptions {
  /** Those that faults may meet; `alice` unless told. */
  readonly accounts?: readonly string[];
  /** Further environment variables, or how they come from the folder that is its home. */
  readonly settings?: Settings | ((home: string) => Settings);
  readonly simulator?: SimulatorOptions;
  /** Whether another account answers all the while; unless told it does not, as most of these faults end the gateway. */
  readonly withBystander?: boolean;
  /** Changes its home before it starts, until the scene is over. */
  readonly prepare?: (home: string) => Disposable | undefined;
  /** Opens what its log goes to, in place of being read. */
  readonly openLog?: (home: string) => number;
  /** How long a request may wait, unless the settings say it; 5 s unless told. */
  readonly queueTimeoutSeconds?: number | undefined;
}

type Settings = Readonly<Record<string, string>>;

const BYSTANDER = "bystander";
const READY_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 60_000;
const SAID_LIMIT_MS = 60_000;
const REST_LIMIT_MS = 60_000;

/** A gateway in a process of its own, those who ask it, and what it leaves behind. */
export class HostScene extends Clients {
  readonly simulator: Simulator;
  readonly home: string;
  readonly cookies: ReadonlyMap<string, string>;
  readonly #stack: AsyncDisposableStack;
  readonly #options: HostOptions;
  readonly #ran: GatewayProcess[] = [];

  private constructor(simulator: Simulator, home: string, options: HostOptions, stack: AsyncDisposableStack) {
    super();
    this.simulator = simulator;
    this.home = home;
    this.#options = options;
    this.#stack = stack;
    const accounts = [...(options.withBystander ? [BYSTANDER] : []), ...(options.accounts ?? ["alice"])];
    this.cookies = new Map(accounts.map((name) => [name, simulator.addAccount(name)]));
  }

  /** Every account's page is open when it resolves. */
  static async open(options: HostOptions): Promise<HostScene> {
    await using stack = new AsyncDisposableStack();
    const home = stack.use(await mkdtempDisposable(join(tmpdir(), "h-")));
    stack.use(options.prepare?.(home.path));
    const simulator = stack.use(await Simulator.start(options.simulator));
    await using opened = new AsyncDisposableStack();
    const scene = opened.use(new HostScene(simulator, home.path, options, stack.move()));
    await scene.writeAccounts();
    await scene.start();
    await scene.untilOpen();
    if (options.withBystander) await scene.seatBystander();
    // From here on the caller disposes of it.
    opened.move();
    return scene;
  }

  /** The one that was started last. */
  get gateway(): GatewayProcess {
    const gateway = this.#ran.at(-1);
    if (!gateway) throw new Error("no gateway was started");
    return gateway;
  }

  /** The file that names the accounts. */
  get accountsFile(): string {
    return join(this.home, "accounts.json");
  }

  async writeAccounts(): Promise<void> {
    await writeFile(this.accountsFile, JSON.stringify([...this.cookies].map(([id, cookie]) => ({ id, cookie }))));
  }

  /** Starts a gateway in the same place; nothing is waited for. */
  async start(further: Settings = {}): Promise<GatewayProcess> {
    const { simulator, home } = this;
    const { settings = {}, openLog, queueTimeoutSeconds = 5 } = this.#options;
    const own = {
      GPTOMNI_ORIGIN: simulator.origin,
      CREDENTIALS_FILE: this.accountsFile,
      BROWSER_ARGS: simulator.browserArgs,
      CREDENTIALS_PER_BROWSER: "1",
      QUEUE_TIMEOUT_SECONDS: String(queueTimeoutSeconds),
    };
    const all = { ...own, ...(typeof settings === "function" ? settings(home) : settings), ...further };
    const stdout = openLog?.(home);
    if (stdout !== undefined) this.#stack.defer(() => closeSync(stdout));
    this.#ran.push(await GatewayProcess.start({ home, settings: all, stdout }));
    return this.#stack.use(this.gateway);
  }

  async untilOpen(): Promise<void> {
    const pages = Math.min(this.cookies.size, Number(this.gateway.settings["MAX_OPEN_SESSIONS"] ?? Infinity));
    if (!this.#options.openLog) await this.gateway.says(new RegExp(`("session open"[^]*){${pages}}`));
    const isReady = async (): Promise<boolean> => (await this.gateway.status("/readyz").catch(() => 0)) === 200;
    await until("the gateway is ready", isReady, READY_LIMIT_MS);
  }

  /** Kills the gateway with its log of what was under way, and starts another one in its place. */
  async killAndRestart(): Promise<void> {
    this.gateway.signal("SIGKILL");
    await this.gateway.ended;
    await this.#forgetUnlogged();
    await this.start();
    await this.untilOpen();
  }

  /** Resolves when the gateway has ended in good order, with everything that it started. */
  async stopped(): Promise<void> {
    const { gateway } = this;
    await until("the gateway has ended", () => gateway.hasEnded, STOP_LIMIT_MS);
    const { code, signal } = await gateway.ended;
    if (code !== 0) throw new Error(`the gateway ended with ${code ?? signal}`);
    await gateway.allEnded();
  }

  /** Resolves when the site has said so much more, for whom ever: time passes, by what happens in it. */
  async untilSiteSaid(pieces: number): Promise<void> {
    const said = (): number => this.simulator.posts.reduce((sum, { sent }) => sum + sent.length, 0);
    const before = said();
    await until(`the site has said ${pieces} more pieces`, () => said() >= before + pieces, SAID_LIMIT_MS);
  }

  /** How often the log has these words. */
  count(words: string): number {
    return this.#ran.map(({ logged }) => logged.split(words).length - 1).reduce((sum, one) => sum + one);
  }

  /** Ends the gateway, if it still runs, as an operator does; what it left behind is in the evidence. */
  async end(): Promise<Evidence> {
    const { gateway, simulator } = this;
    const bystanderEnding = await this.dismissBystander();
    await Promise.all(this.asked.map(({ over }) => over));
    const running = (): number => [...this.cookies.keys()].reduce((sum, id) => sum + simulator.concurrency(id), 0);
    await until("the site works for nobody", () => running() === 0, REST_LIMIT_MS);
    const zombies = await zombiesOf(gateway.pid);
    const [browsers, folders] = [await gateway.browsers(), await gateway.folders()];
    if (!gateway.hasEnded) gateway.signal("SIGTERM");
    await this.stopped();
    if (this.#options.openLog) await this.#forgetUnlogged();
    const left = await gateway.folders();
    const stored = await storedTokens({ simulator, cookies: this.cookies, stateDir: join(this.home, "state") });
    return {
      asked: this.bystander ? [...this.asked, this.bystander] : this.asked,
      bystanderEnding,
      posts: simulator.posts,
      askedElsewhere: [],
      logged: this.#ran.flatMap(({ logged }) => logged.split("\n")),
      secrets: [API_KEY, ADMIN_KEY, ...[...this.cookies.values()].map(tokenOf)],
      waiting: running(),
      browsers: browsers.length,
      browsersLeft: 0,
      tempFolders: folders.browsers.length,
      processesLeft: await gateway.started(),
      zombies,
      tempFoldersLeft: left.gateways.length,
      warnings: this.#ran.map(({ complaints }) => complaints).filter((text) => text !== ""),
      stored,
    };
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    await this.#stack.disposeAsync();
  }

  override get url(): string {
    return this.gateway.url;
  }

  /** The log has no line for a request whose gateway died under it, or where nobody took its log. */
  async #forgetUnlogged(): Promise<void> {
    const { asked, bystander } = this;
    const all = bystander ? [...asked, bystander] : asked;
    const logged = this.#ran.map((gateway) => gateway.logged).join("");
    for (const one of all) {
      await one.over;
      if (one.requestId && !logged.includes(one.requestId)) one.requestId = undefined;
    }
  }
}
