import { mkdir } from "node:fs/promises";
import { GatewayProcess } from "../faults/gateway-process.ts";
import { FaultProxy } from "../faults/proxy.ts";
import { until } from "../faults/until.ts";
import { ADMIN_KEY } from "../support/api-key.ts";
import { freePort } from "../support/free-port.ts";

const START_LIMIT_MS = 180_000;
const END_LIMIT_MS = 180_000;
const STORY_LINES = 12;

/** The test's PostgreSQL takes any. */
export const DATABASE_PASSWORD = "password-of-the-database";

export interface ReplicaOptions {
  readonly name: string;
  /** A folder of its own. Its path is short, for Chromium's sockets. */
  readonly home: string;
  /** Where PostgreSQL listens, and the URL of the database there. */
  readonly databasePort: number;
  readonly databaseUrl: string;
  readonly settings: Readonly<Record<string, string>>;
}

/** One gateway process of several, with a wire to PostgreSQL and one from its peers that can be cut. */
export class Replica implements AsyncDisposable {
  readonly name: string;
  /** Where clients reach it, at every start. */
  readonly port: number;
  /** Between it and PostgreSQL. */
  readonly database: FaultProxy;
  /** Between its peers and it. */
  readonly peers: FaultProxy;
  readonly #options: ReplicaOptions;
  readonly #settings: Readonly<Record<string, string>>;
  readonly #ran: GatewayProcess[] = [];

  private constructor(
    options: ReplicaOptions,
    ports: readonly [number, number],
    wires: readonly [FaultProxy, FaultProxy],
  ) {
    this.name = options.name;
    this.#options = options;
    this.port = ports[0];
    [this.database, this.peers] = wires;
    const url = new URL(options.databaseUrl);
    url.port = String(this.database.port);
    url.password = DATABASE_PASSWORD;
    this.#settings = {
      DATABASE_URL: url.href,
      REPLICA_PORT: String(ports[1]),
      REPLICA_URL: this.url,
      ...options.settings,
    };
  }

  /** Nothing runs yet but its wires. */
  static async prepare(options: ReplicaOptions): Promise<Replica> {
    await mkdir(options.home, { recursive: true });
    const [port, peerPort] = [await freePort(), await freePort()];
    const wires = [await FaultProxy.start(options.databasePort), await FaultProxy.start(peerPort)] as const;
    return new Replica(options, [port, peerPort], wires);
  }

  /** Where peers reach it. */
  get url(): string {
    return `http://127.0.0.1:${this.peers.port}`;
  }

  /** As nginx names it. */
  get door(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** The one that was started last. */
  get gateway(): GatewayProcess {
    const gateway = this.#ran.at(-1);
    if (!gateway) throw new Error(`${this.name} was not started`);
    return gateway;
  }

  get isRunning(): boolean {
    return this.#ran.length > 0 && !this.gateway.hasEnded;
  }

  /** Nothing is waited for. */
  async start(further: Readonly<Record<string, string>> = {}): Promise<GatewayProcess> {
    const settings = { ...this.#settings, ...further };
    const gateway = await GatewayProcess.start({ home: this.#options.home, port: this.port, settings });
    this.#ran.push(gateway);
    return gateway;
  }

  async untilReady(): Promise<void> {
    const isReady = async (): Promise<boolean> => this.gateway.hasEnded || (await this.readiness()) === 200;
    await until(`${this.name} is ready`, isReady, START_LIMIT_MS).catch((cause: unknown) => {
      throw new Error(this.story, { cause });
    });
    if (this.gateway.hasEnded) throw new Error(`${this.name} ended: ${this.story}`);
  }

  /** The status of /readyz; 0 if there is no answer soon. */
  async readiness(): Promise<number> {
    const asked = fetch(`${this.gateway.url}/readyz`, { signal: AbortSignal.timeout(1_000) });
    return asked.then(({ status }) => status).catch(() => 0);
  }

  /** As its operator stops it: what is under way ends before it does. */
  async stop(): Promise<void> {
    this.gateway.signal("SIGTERM");
    await until(`${this.name} has ended`, () => this.gateway.hasEnded, END_LIMIT_MS);
  }

  /** As an operator asks it. */
  operate(path: string, method = "GET", body?: object): Promise<Response> {
    const headers = { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" };
    return fetch(`${this.gateway.url}/admin/api${path}`, {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
    });
  }

  /** What its runs logged, all together. */
  get logged(): string {
    return this.#ran.map(({ logged, complaints }) => `${logged}${complaints}`).join("");
  }

  /** The last warnings and errors of its log. */
  get story(): string {
    const lines = this.logged.split("\n").filter((line) => !/^\{"level":[123]0/.test(line));
    return lines.slice(-STORY_LINES).join("\n");
  }

  /** Mends what was cut and lets it go on if it was frozen. */
  async mend(): Promise<void> {
    await this.database.recover();
    await this.peers.recover();
    if (this.isRunning) await this.gateway.signalAll("SIGCONT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ran.length > 0) await this.gateway[Symbol.asyncDispose]();
    await this.database[Symbol.asyncDispose]();
    await this.peers[Symbol.asyncDispose]();
  }
}
