import { once } from "node:events";
import { createServer, connect, type AddressInfo, type Server, type Socket } from "node:net";

/**
 * Stands between Chromium and the site at the level of TCP, and breaks what passes as it is told: on all connections but
 * those that are spared.
 */
export class FaultProxy implements AsyncDisposable {
  readonly #sitePort: number;
  readonly #connections = new Set<Connection>();
  readonly #spared = new Set<Connection>();
  #server: Server | undefined;
  #port = 0;
  /** How many connections were so far. */
  turnedAway = 0;
  /** Taken by new connections too. */
  #manner: (connection: Connection) => void = (connection) => connection.pass();

  private constructor(sitePort: number) {
    this.#sitePort = sitePort;
  }

  static async start(sitePort: number): Promise<FaultProxy> {
    const proxy = new FaultProxy(sitePort);
    await proxy.#listen();
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  /** Spares the connections over which the site says something while the work goes on. */
  async spare(work: () => Promise<void>): Promise<void> {
    const before = new Map([...this.#connections].map((connection) => [connection, connection.bytesRead]));
    await work();
    for (const [connection, bytes] of before) if (connection.bytesRead > bytes) this.#spared.add(connection);
  }

  /** Breaks the connections with RST. */
  reset(): void {
    for (const connection of this.#victims) connection.reset();
  }

  /** Ends them with FIN, in the middle of whatever was being said. */
  finish(): void {
    for (const connection of this.#victims) connection.finish();
  }

  /** Says bytes that TLS cannot take for the site's. */
  corrupt(): void {
    for (const connection of this.#victims) connection.corrupt();
  }

  /** Nothing passes any more, and no connection ends. */
  stall(): void {
    this.#take((connection) => connection.stall());
  }

  /** New connections are refused, those there are reset. */
  refuse(): void {
    this.#server?.close();
    this.#server = undefined;
    this.reset();
  }

  /** New connections are reset as soon as they are made, like those there are. */
  turnAway(): void {
    this.#take((connection) => {
      this.turnedAway += 1;
      connection.reset();
    });
  }

  /** All is well again. */
  async recover(): Promise<void> {
    this.#take((connection) => connection.pass());
    if (!this.#server) await this.#listen();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const server = this.#server;
    for (const connection of this.#connections) connection.reset();
    if (!server) return;
    const closed = once(server, "close");
    server.close();
    await closed;
  }

  get #victims(): Connection[] {
    return [...this.#connections].filter((connection) => !this.#spared.has(connection));
  }

  #take(manner: (connection: Connection) => void): void {
    this.#manner = manner;
    for (const connection of this.#victims) manner(connection);
  }

  async #listen(): Promise<void> {
    this.#server = createServer((client) => this.#accept(client)).listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  #accept(client: Socket): void {
    const connection = new Connection(client, connect(this.#sitePort, "127.0.0.1"));
    this.#connections.add(connection);
    client.once("close", () => this.#connections.delete(connection));
    this.#manner(connection);
  }
}

class Connection {
  readonly #client: Socket;
  readonly #site: Socket;
  #isPassing = false;

  constructor(client: Socket, site: Socket) {
    this.#client = client;
    this.#site = site;
    for (const socket of [client, site]) socket.on("error", () => {});
    client.once("close", () => site.destroy());
    site.once("close", () => client.end());
  }

  /** From the site. */
  get bytesRead(): number {
    return this.#site.bytesRead;
  }

  /** Once only: piped twice, everything would come twice. */
  pass(): void {
    if (this.#isPassing) return;
    this.#isPassing = true;
    this.#client.pipe(this.#site);
    this.#site.pipe(this.#client, { end: false });
  }

  reset(): void {
    this.#client.resetAndDestroy();
  }

  finish(): void {
    this.#hold();
    this.#client.end();
  }

  corrupt(): void {
    this.#hold();
    this.#client.write(Buffer.alloc(64, 0x17));
  }

  stall(): void {
    this.#isPassing = false;
    this.#client.unpipe(this.#site).pause();
    this.#hold();
  }

  /** What the site says stays here. */
  #hold(): void {
    this.#site.unpipe(this.#client).pause();
  }
}
