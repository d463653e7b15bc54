import { chmod, mkdir, mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Simulator } from "../../src/simulator/simulator.ts";
import type { Post } from "../../src/simulator/record.ts";
import { until } from "../faults/until.ts";
import { ADMIN_KEY, API_KEY } from "../support/api-key.ts";
import { PostgresServer } from "../support/postgres-server.ts";
import type { Evidence, Pace } from "./invariants.ts";
import { Load } from "./load.ts";
import { Nginx } from "./nginx.ts";
import { DATABASE_PASSWORD, Replica } from "./replica.ts";
import type { Told } from "./told.ts";

const NAMES = ["one", "two", "three"] as const;
const ACCOUNTS = Array.from({ length: 9 }, (_one, index) => `account-${index + 1}`);
const PACE: Pace = { count: 3, windowMs: 10_000 };
const SECRET_KEY = "a secret key of the replicas, of thirty-two bytes or more";
const ANSWERED_LIMIT_MS = 120_000;
const SETTLED_LIMIT_MS = 90_000;

type Parts = Pick<ReplicaScene, "simulator" | "database" | "replicas" | "load" | "told" | "home" | "settings">;

interface Asked {
  readonly prompt: string;
  readonly owner: Replica;
}

/** Three replicas at work behind nginx, the clients that ask them, and a record of what the site and the clients see. */
export class ReplicaScene implements AsyncDisposable {
  readonly simulator: Simulator;
  readonly database: PostgresServer;
  readonly replicas: readonly Replica[];
  readonly load: Load;
  /** What clients were told, whoever they asked. */
  readonly told: Told[];
  readonly home: string;
  /** Of every replica. */
  readonly settings: Readonly<Record<string, string>>;
  /** Ids of the accounts that must serve. */
  readonly accounts = new Set(ACCOUNTS);
  readonly #stack: AsyncDisposableStack;
  readonly #excused: Evidence["isCutOff"][] = [];
  #strikeAt = 0;

  private constructor(parts: Parts, stack: AsyncDisposableStack) {
    ({ simulator: this.simulator, database: this.database, replicas: this.replicas } = parts);
    ({ load: this.load, told: this.told, home: this.home, settings: this.settings } = parts);
    this.#stack = stack;
  }

  /** Every account has answered when it resolves. */
  static async open(): Promise<ReplicaScene> {
    await using stack = new AsyncDisposableStack();
    const { path: home } = stack.use(await mkdtempDisposable(join(tmpdir(), "r-")));
    // As root, PostgreSQL, browsers and nginx run as users of their own.
    await chmod(home, 0o711);
    // A site that signs an account out which comes with a cookie older than the one before the newest.
    const simulator = stack.use(await Simulator.start({ rotateEveryReplies: 1, replacedTokensInForce: 1 }));
    const database = stack.use(await PostgresServer.start(join(home, "p")));
    const settings = {
      SECRET_KEY,
      GPTOMNI_ORIGIN: simulator.origin,
      CREDENTIALS_FILE: join(home, "accounts.json"),
      BROWSER_ARGS: simulator.browserArgs,
      RATE_LIMIT: `${PACE.count}/${PACE.windowMs}ms`,
      MAX_OPEN_SESSIONS: "4",
      OPEN_RATE: "off",
      QUEUE_TIMEOUT_SECONDS: "60",
      FIRST_BYTE_TIMEOUT_SECONDS: "15",
      IDLE_TIMEOUT_SECONDS: "10",
    };
    const list = ACCOUNTS.map((id) => ({ id, cookie: simulator.addAccount(id) }));
    await writeFile(settings.CREDENTIALS_FILE, JSON.stringify(list));
    const replicas: Replica[] = [];
    for (const name of NAMES) {
      const own = { name, home: join(home, name), databasePort: database.port, databaseUrl: database.url(), settings };
      replicas.push(stack.use(await Replica.prepare(own)));
    }
    await Promise.all(replicas.map((replica) => replica.start()));
    await Promise.all(replicas.map((replica) => replica.untilReady()));
    const nginx = stack.use(
      await Nginx.start(
        join(home, "n"),
        replicas.map(({ port }) => port),
      ),
    );
    const told: Told[] = [];
    const load = stack.use(new Load(nginx.url, told));
    await using opened = new AsyncDisposableStack();
    const parts = { simulator, database, replicas, load, told, home, settings };
    const scene = opened.use(new ReplicaScene(parts, stack.move()));
    await scene.allServe();
    // From here on the caller disposes of it.
    opened.move();
    return scene;
  }

  named(name: (typeof NAMES)[number]): Replica {
    const replica = this.replicas.find((one) => one.name === name);
    if (!replica) throw new Error(`no replica ${name}`);
    return replica;
  }

  /** One more, which nginx does not know; nothing runs yet. */
  async another(name: string): Promise<Replica> {
    const { database, home, settings } = this;
    const place = { databasePort: database.port, databaseUrl: database.url() };
    return Replica.prepare({ name, home: join(home, name), ...place, settings });
  }

  /** Which replica owns which account now, by account id. Accounts without an owner are left out. */
  async owners(): Promise<ReadonlyMap<string, Replica>> {
    const rows = await this.database.query(
      "SELECT account_owner.id, replica.url FROM account_owner JOIN replica ON account_owner.owner = replica.id",
    );
    return new Map(
      rows.flatMap(({ id, url }) => {
        const replica = this.replicas.find((one) => one.url === url);
        return replica ? [[String(id), replica] as const] : [];
      }),
    );
  }

  /** The replica one of whose accounts has begun to give an answer that would never end: the fault must end it. */
  async busyReplica(): Promise<Replica> {
    const prompt = this.load.askEndless();
    const begun = (): Post | undefined =>
      this.simulator.posts.find((post) => post.prompt === prompt && post.bytesSent > 0);
    await until("an account answers", () => begun() !== undefined, ANSWERED_LIMIT_MS);
    const owner = (await this.owners()).get(begun()?.account ?? "");
    if (!owner) throw new Error(`${begun()?.account} answers and has no owner`);
    return owner;
  }

  /** Resolves when the site answers nobody any more. */
  async allQuiet(): Promise<void> {
    const running = (): Post[] => this.simulator.posts.filter(({ finishedAt }) => finishedAt === undefined);
    await until("the site answers nobody", () => running().length === 0, SETTLED_LIMIT_MS);
  }

  /** The first of these prompts that an account got whose replica is wanted, while the site has said nothing yet. */
  async untilAsked(prompts: readonly string[], isWanted: (owner: Replica) => boolean): Promise<Asked> {
    let found: Asked | undefined;
    const look = async (): Promise<boolean> => {
      const owners = await this.owners();
      const posts = this.simulator.posts.filter(({ prompt, bytesSent }) => prompts.includes(prompt) && bytesSent === 0);
      const asked = posts.map(({ prompt, account }) => ({ prompt, owner: owners.get(account ?? "") }));
      found = asked.find((one): one is Asked => one.owner !== undefined && isWanted(one.owner));
      return found !== undefined;
    };
    await until("the site thinks about one of the prompts", look, ANSWERED_LIMIT_MS);
    if (!found) throw new Error("no prompt");
    return found;
  }

  /** The fault, from which on it is counted how soon accounts serve again. */
  strike(): void {
    this.#strikeAt = Date.now();
  }

  /** Requests that the fault cuts off from whoever could tell their clients something. */
  excuse(isCutOff: Evidence["isCutOff"]): void {
    this.#excused.push(isCutOff);
  }

  /**
   * Resolves when every account has answered a prompt that came after the fault. Gives how long after it the last account
   * served again, in milliseconds; while its pace lets an account rest, it need not serve.
   */
  async allServe(accounts: Iterable<string> = this.accounts): Promise<number> {
    const wanted = [...accounts];
    const served = (): (Post | undefined)[] => wanted.map((account) => this.#firstAnswerOf(account));
    await until("every account serves", () => served().every((post) => post !== undefined), ANSWERED_LIMIT_MS).catch(
      (cause: unknown) => {
        const missing = wanted.filter((account) => this.#firstAnswerOf(account) === undefined);
        const stories = this.replicas.map(({ name, story }) => `${name}:\n${story}`).join("\n");
        throw new Error(`these never served again: ${missing.join(", ")}\n${stories}`, { cause });
      },
    );
    return Math.max(...served().map((post) => (post ? this.#lateness(post) : Infinity)));
  }

  /** Everything runs and is connected again, and every request that was under way has ended. */
  async recover(): Promise<void> {
    await this.database.thaw();
    await Promise.all(this.replicas.map((replica) => replica.mend()));
    const ended = this.replicas.filter(({ isRunning }) => !isRunning);
    await Promise.all(ended.map((replica) => replica.start()));
    await Promise.all(this.replicas.map((replica) => replica.untilReady()));
    await this.load.settled(SETTLED_LIMIT_MS);
    await until("the site works only for clients who wait", () => this.#forNobody().length === 0, SETTLED_LIMIT_MS);
  }

  /** Writes down what each replica logged, for who looks for the cause of a failure. Gives the folder. */
  async keepLogs(): Promise<string> {
    const folder = join(tmpdir(), "replica-logs");
    await mkdir(folder, { recursive: true });
    await Promise.all(this.replicas.map(({ name, logged }) => writeFile(join(folder, `${name}.log`), logged)));
    return folder;
  }

  get evidence(): Evidence {
    const isCutOff: Evidence["isCutOff"] = (told) => this.#excused.some((excuses) => excuses(told));
    const logged = this.replicas.flatMap((replica) => replica.logged.split("\n"));
    const tokens = [...this.accounts].map((id) => this.simulator.accounts.currentToken(id) ?? SECRET_KEY);
    const secrets = [SECRET_KEY, DATABASE_PASSWORD, API_KEY, ADMIN_KEY, ...tokens];
    return { posts: this.simulator.posts, told: this.told, pace: PACE, isCutOff, logged, secrets };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.database.thaw();
    await this.#stack.disposeAsync();
  }

  #lateness({ id, account, startedAt }: Post): number {
    const before = this.simulator.posts.filter((post) => post.account === account && post.id < id);
    const last = before.at(-PACE.count);
    return startedAt - Math.max(this.#strikeAt, last ? last.startedAt + PACE.windowMs : 0);
  }

  #forNobody(): Post[] {
    const waiting = new Set(this.told.filter(({ ending }) => ending === "under way").map(({ prompt }) => prompt));
    return this.simulator.posts.filter(({ finishedAt, prompt }) => finishedAt === undefined && !waiting.has(prompt));
  }

  #firstAnswerOf(account: string): Post | undefined {
    return this.simulator.posts.find(
      (post) =>
        post.account === account && post.startedAt > this.#strikeAt && post.finishedAt !== undefined && !post.aborted,
    );
  }
}
