import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** The network in front of one replica, which breaks as it is told. */
export class Wire implements AsyncDisposable {
  readonly #target: number;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #stallsAt: string | undefined;
  #isStalled = false;

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer((socket) => this.#join(socket));
  }

  static async to(port: number): Promise<Wire> {
    const wire = new Wire(port);
    wire.#server.listen(0, "127.0.0.1");
    await once(wire.#server, "listening");
    return wire;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Nothing passes any more, and no connection ends: as with a frozen process. */
  stall(): void {
    this.#isStalled = true;
    for (const socket of this.#sockets) socket.pause();
  }

  /** The same, once the replica has said this. */
  stallAt(text: string): void {
    this.#stallsAt = text;
  }

  /** What was held back passes. */
  pass(): void {
    this.#isStalled = false;
    this.#stallsAt = undefined;
    for (const socket of this.#sockets) socket.resume();
  }

  /** Ends every connection, in the middle of whatever is being said. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.cut();
  }

  #join(client: Socket): void {
    const target = connect(this.#target, "127.0.0.1");
    this.#carry(client, target);
    this.#carry(target, client, (bytes) => {
      if (this.#stallsAt !== undefined && bytes.includes(this.#stallsAt)) this.stall();
    });
  }

  #carry(from: Socket, to: Socket, look: (bytes: Buffer) => void = () => {}): void {
    this.#sockets.add(from);
    from.setNoDelay(true);
    from.on("data", (bytes: Buffer) => {
      if (!to.write(bytes)) from.pause();
      look(bytes);
    });
    to.on("drain", () => {
      if (!this.#isStalled) from.resume();
    });
    from.on("end", () => to.end());
    from.on("error", () => {});
    from.on("close", () => {
      this.#sockets.delete(from);
      if (from.errored || !from.readableEnded) to.destroy();
    });
    if (this.#isStalled) from.pause();
  }
}
