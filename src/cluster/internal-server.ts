import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { GatewayError } from "../errors.ts";
import type { Log } from "../observe/log.ts";
import { withTimeout } from "../process/with-timeout.ts";
import type { DoorWatch } from "./door-watch.ts";
import type { ExchangeAuth } from "./exchange-auth.ts";
import { LineReader } from "./lines.ts";
import { PROTOCOL } from "./protocol.ts";

/** One request of a peer, whose sender and first line are proven. Both sides may send lines at the same time. */
export interface Exchange {
  /** The replica that asks. */
  readonly from: string;
  readonly first: unknown;
  /** What follows the first line. */
  readonly lines: LineReader;
  readonly response: ServerResponse;
  /** Aborts when the connection closes before the answer has ended, or nothing is heard of the replica. */
  readonly gone: AbortSignal;
}

/** Answers a peer. It ends the response itself. What it throws is logged. */
export type ExchangeHandler = (exchange: Exchange) => Promise<void>;

/** Takes over the connection of a peer, whose sender and line are proven. */
export type UpgradeHandler = (line: unknown, request: IncomingMessage, socket: Duplex, head: Buffer) => void;

export interface InternalServerParts {
  readonly auth: ExchangeAuth;
  readonly doors: DoorWatch;
  readonly handlers: Readonly<Record<string, ExchangeHandler>>;
  readonly upgrades?: Readonly<Record<string, UpgradeHandler>> | undefined;
  readonly log: Pick<Log, "error">;
}

/** What a request has as its first line that has no body, in Base64. */
export const LINE_HEADER = "x-line";

/** The longest first line: a request's wish with the accounts that failed it. */
const FIRST_LINE_BYTES = 65_536;
const FIRST_LINE_MS = 5_000;
/** A waiting request may be silent for long, so the whole of a request has no limit of its own. */
const LIMITS = {
  headersTimeout: 5_000,
  requestTimeout: 0,
  connectionsCheckingInterval: 1_000,
  keepAliveTimeout: 60_000,
  maxHeaderSize: 4_096,
};
const FLUSH_LIMIT_MS = 1_000;
const MAX_CONNECTIONS = 8_192;

/** Where peers ask this replica. It serves nothing else, and says nothing to others. */
export class InternalServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #running = new Set<Promise<void>>();
  readonly #sockets = new Set<Duplex>();
  #parts: InternalServerParts | undefined;

  private constructor() {
    this.#server = createServer(LIMITS, (request, response) => {
      const answered = this.#answer(request, response).finally(() => this.#running.delete(answered));
      this.#running.add(answered);
    });
    this.#server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
    this.#server.maxConnections = MAX_CONNECTIONS;
    this.#server.on("clientError", (_cause, socket) => socket.destroy());
  }

  /** It refuses everybody until it serves. @throws Error when the port is taken. */
  static async listen({ host, port }: { readonly host: string; readonly port: number }): Promise<InternalServer> {
    const one = new InternalServer();
    one.#server.listen(port, host);
    await once(one.#server, "listening");
    return one;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  serve(parts: InternalServerParts): void {
    this.#parts = parts;
  }

  /** Waits until every exchange that runs has ended, at most a second. */
  async flush(): Promise<void> {
    await withTimeout(Promise.all(this.#running), FLUSH_LIMIT_MS, () => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    // Connections that were taken over are not the server's any more.
    for (const socket of this.#sockets) socket.destroy();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once("close", () => gone.abort(new GatewayError("client_closed", "The other replica hung up.")));
    // Without a listener, a connection that breaks would end the process.
    request.on("error", () => {});
    response.on("error", () => {});
    try {
      const exchange = await this.#proven(request, response, gone.signal);
      if (exchange) await exchange.handler(exchange);
    } catch (cause) {
      this.#parts?.log.error({ err: cause, path: request.url?.slice(0, 64) }, "a peer's request failed");
      response.destroy();
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const path = request.url ?? "";
    const { upgrades = {}, auth, doors } = this.#parts ?? {};
    const handler = Object.hasOwn(upgrades, path) ? upgrades[path] : undefined;
    const firstLine = Buffer.from(String(request.headers[LINE_HEADER] ?? ""), "base64url").toString();
    const from = request.method === "GET" ? auth?.senderOf(request.headers, { path, firstLine }) : undefined;
    socket.on("error", () => socket.destroy());
    if (!handler || from === undefined || request.headers["x-protocol"] !== String(PROTOCOL)) {
      socket.destroy();
      return;
    }
    doors?.heard(from);
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    handler(JSON.parse(firstLine) as unknown, request, socket, head);
  }

  /** Reads and proves the first line. Refuses what is wrong, and returns undefined then. */
  async #proven(request: IncomingMessage, response: ServerResponse, closed: AbortSignal) {
    const path = request.url ?? "";
    const { handlers = {}, auth, doors } = this.#parts ?? {};
    const handler = Object.hasOwn(handlers, path) ? handlers[path] : undefined;
    if (request.method !== "POST" || !handler || !auth || !doors) return refuse(response, 404);
    if (request.headers["x-protocol"] !== String(PROTOCOL)) return refuse(response, 426);
    const lines = new LineReader(request, FIRST_LINE_BYTES);
    const firstLine = await withTimeout(lines.text(), FIRST_LINE_MS, () => undefined).catch(() => undefined);
    const from = firstLine === undefined ? undefined : auth.senderOf(request.headers, { path, firstLine });
    if (firstLine === undefined || from === undefined) return refuse(response, 401);
    const gone = AbortSignal.any([closed, doors.heard(from)]);
    return { from, first: JSON.parse(firstLine) as unknown, lines, response, gone, handler };
  }
}

/** A stranger learns nothing, and a connection whose rest was not read cannot be used again. */
function refuse(response: ServerResponse, status: number): undefined {
  response.writeHead(status, { "content-length": 0, connection: "close" }).end();
}
