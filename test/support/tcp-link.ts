import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";

/** A connection to a server that a test may break. */
export class TcpLink implements AsyncDisposable {
  readonly #server = createServer((client) => this.#join(client));
  #target: { readonly host: string; readonly port: number };
  readonly #sockets = new Set<Socket>();
  #isStalled = false;
  #isCut = false;

  private constructor(target: URL) {
    this.#target = { host: target.hostname, port: Number(target.port) };
  }

  /** Leads to the host of this URL. */
  static async to(url: string): Promise<TcpLink> {
    const link = new TcpLink(new URL(url));
    link.#server.listen(0, "127.0.0.1");
    await once(link.#server, "listening");
    return link;
  }

  /** The URL, by way of this link. */
  through(url: string): string {
    const { port } = this.#server.address() as AddressInfo;
    return Object.assign(new URL(url), { host: `127.0.0.1:${port}` }).href;
  }

  /** New connections lead to the host of this URL; those that there are stay. */
  lead(url: string): void {
    const { hostname: host, port } = new URL(url);
    this.#target = { host, port: Number(port) };
  }

  /** Nothing comes through, and neither side is told. */
  stall(): void {
    this.#isStalled = true;
    for (const socket of this.#sockets) socket.pause();
  }

  /** Everything comes through again, with what was sent meanwhile. */
  resume(): void {
    this.#isStalled = false;
    this.#isCut = false;
    for (const socket of this.#sockets) socket.resume();
  }

  /** Breaks every connection off, and takes no new one until it is resumed. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, "close");
  }

  #join(client: Socket): void {
    if (this.#isCut) {
      client.resetAndDestroy();
      return;
    }
    const server = connect(this.#target);
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(one);
      one.on("data", (data) => void other.write(data));
      one.on("error", () => {});
      one.on("close", () => {
        this.#sockets.delete(one);
        other.destroy();
      });
      if (this.#isStalled) one.pause();
    }
  }
}
