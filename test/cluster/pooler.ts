import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";

/** The type of a message and its length; the start has no type. */
const HEAD_BYTES = 5;
const START_HEAD_BYTES = 4;
const READY = "Z";
/** In READY: no transaction is open. */
const IDLE = "I";
const TERMINATE = "X";

/**
 * Gives each transaction of a client the session that is free for the longest, as PgBouncer does in its transaction mode with
 * `server_round_robin`. PostgreSQL must want no password.
 */
export class Pooler implements AsyncDisposable {
  readonly #sessions: number;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((client) => void this.#serve(client));

  private constructor(target: URL, sessions: number) {
    this.#target = { host: target.hostname, port: Number(target.port) };
    this.#sessions = sessions;
  }

  /** Each client has so many sessions; one is what the session mode gives it. */
  static async before(url: string, { sessions }: { readonly sessions: number }): Promise<Pooler> {
    const pooler = new Pooler(new URL(url), sessions);
    pooler.#server.listen(0, "127.0.0.1");
    await once(pooler.#server, "listening");
    return pooler;
  }

  through(url: string): string {
    const { port } = this.#server.address() as AddressInfo;
    return Object.assign(new URL(url), { host: `127.0.0.1:${port}` }).href;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #serve(client: Socket): Promise<void> {
    const fromClient = messagesOf(this.#track(client), { hasStart: true });
    const { value: start } = await fromClient.next();
    if (!start) return;
    const servers = await Promise.all(Array.from({ length: this.#sessions }, () => this.#open(start)));
    // Its client knows the number of a session that there is not, as with PgBouncer.
    for (const message of servers[0]?.greeting ?? []) client.write(message[0] === 0x4b ? disguised(message) : message);
    let next = 0;
    let state = IDLE;
    for await (const message of fromClient) {
      if (String.fromCharCode(message[0] ?? 0) === TERMINATE) break;
      const server = servers[next % servers.length];
      if (!server) break;
      server.socket.write(message);
      // Those of the extended protocol are answered after Sync.
      if (!["Q", "S"].includes(String.fromCharCode(message[0] ?? 0))) continue;
      for await (const answer of server.answers()) {
        client.write(answer);
        if (isReady(answer)) state = String.fromCharCode(answer[HEAD_BYTES] ?? 0);
      }
      if (state === IDLE) next += 1;
    }
    for (const { socket } of servers) socket.destroy();
  }

  async #open(start: Buffer) {
    const socket = connect(this.#target);
    const messages = messagesOf(this.#track(socket), { hasStart: false });
    socket.write(start);
    async function* answers(): AsyncGenerator<Buffer, void, undefined> {
      for (;;) {
        const { value } = await messages.next();
        if (!value) return;
        yield value;
        if (isReady(value)) return;
      }
    }
    const greeting: Buffer[] = [];
    for await (const message of answers()) greeting.push(message);
    return { socket, answers, greeting };
  }

  #track(socket: Socket): Socket {
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => this.#sockets.delete(socket));
    return socket;
  }
}

function isReady(message: Buffer): boolean {
  return String.fromCharCode(message[0] ?? 0) === READY;
}

function disguised(message: Buffer): Buffer {
  const other = Buffer.from(message);
  other.writeInt32BE(1, HEAD_BYTES);
  return other;
}

async function* messagesOf(
  socket: Socket,
  { hasStart }: { readonly hasStart: boolean },
): AsyncGenerator<Buffer, void, undefined> {
  let rest = Buffer.alloc(0);
  let headBytes = hasStart ? START_HEAD_BYTES : HEAD_BYTES;
  for await (const data of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    rest = Buffer.concat([rest, data]);
    for (;;) {
      if (rest.length < headBytes) break;
      const length = rest.readInt32BE(headBytes - START_HEAD_BYTES) + headBytes - START_HEAD_BYTES;
      if (rest.length < length) break;
      yield rest.subarray(0, length);
      rest = rest.subarray(length);
      headBytes = HEAD_BYTES;
    }
  }
}
