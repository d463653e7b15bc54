import {
  createServer,
  STATUS_CODES,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { GatewayError } from "../errors.ts";
import { toErrorBody } from "../dialects/openai/error.ts";

/** Milliseconds, under Node's own names. */
export interface ConnectionLimits {
  /** How long a request's head may take to arrive, and the whole of it; and how often both are checked. */
  readonly headersTimeout: number;
  readonly requestTimeout: number;
  readonly connectionsCheckingInterval: number;
  /** How long an idle connection is kept, as clients are told. */
  readonly keepAliveTimeout: number;
  /** How much longer it is really kept: a request may be on its way when the time is over. */
  readonly keepAliveTimeoutBuffer: number;
  /**
   * How long a connection may stay open after an answer without a next request, whatever arrives: Node restarts its own
   * timer at each empty line (https://www.rfc-editor.org/rfc/rfc9112#section-2.2-6).
   */
  readonly idleLimitMs: number;
}

/** Turns some requests into connections of another protocol. */
export interface Upgrade {
  /** False for a request that is answered in HTTP, whatever protocol it offers: some clients always offer HTTP/2. */
  isWanted(request: IncomingMessage): boolean;
  take(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

interface ServerOptions extends Partial<ConnectionLimits> {
  readonly upgrade?: Upgrade;
}

const ARRIVAL_LIMITS = { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 1_000 };
/**
 * An idle connection must outlive those in the pools of clients and proxies, or a pool would send a request over a
 * connection that is being closed. nginx keeps connections for 60 or 75 s, Go and Traefik for 90 s, OkHttp for 5 minutes,
 * Google's load balancer for 10 minutes.
 */
const IDLE_LIMITS = { keepAliveTimeout: 620_000, keepAliveTimeoutBuffer: 10_000, idleLimitMs: 635_000 };
/** Each costs a file descriptor and some kilobytes. Clients need far fewer, and a process may open far more. */
const MAX_CONNECTIONS = 4_096;

/** A client that is still sending has this long to read why it is refused. Closing at once may lose the answer. */
const LINGER_MS = 1_000;
/** A finished answer is written within a tick or two. A client that does not read is not waited for. */
const FLUSH_LIMIT_MS = 1_000;
const CHECK_EVERY_MS = 10;

/**
 * Node's server, which answers malformed HTTP with a JSON error. After `leaving` aborts, every response closes its
 * connection, so clients and proxies reconnect elsewhere.
 */
export function createHttpServer(
  app: RequestListener,
  leaving: AbortSignal,
  { upgrade, ...limits }: ServerOptions = {},
): Server {
  const latest = new WeakMap<Duplex, ServerResponse>();
  const idleTimers = new WeakMap<Duplex, NodeJS.Timeout>();
  const { idleLimitMs, ...timeouts } = { ...ARRIVAL_LIMITS, ...IDLE_LIMITS, ...limits };
  const shouldUpgradeCallback = (request: IncomingMessage): boolean => upgrade?.isWanted(request) ?? false;
  const server = createServer({ ...timeouts, shouldUpgradeCallback }, (request, response) => {
    const { socket } = request;
    latest.set(socket, response);
    clearTimeout(idleTimers.get(socket));
    response.once("close", () => {
      if (socket.destroyed || latest.get(socket) !== response) return;
      idleTimers.set(socket, setTimeout(() => socket.destroy(), idleLimitMs).unref());
    });
    endConnectionFrom(leaving, response);
    app(request, response);
  });
  server.maxConnections = MAX_CONNECTIONS;
  if (upgrade) server.on("upgrade", (request, socket, head) => upgrade.take(request, socket, head));
  server.on("connection", (socket) => socket.once("close", () => clearTimeout(idleTimers.get(socket))));
  return server.on("clientError", (cause: NodeJS.ErrnoException, socket) => {
    if (socket.writableEnded) return;
    if (socket.writable && isAnswerDue(latest.get(socket))) refuse(socket, cause);
    else socket.destroy();
  });
}

function endConnectionFrom(leaving: AbortSignal, response: ServerResponse): void {
  const onLeaving = (): void => void (response.shouldKeepAlive = false);
  if (leaving.aborted) onLeaving();
  leaving.addEventListener("abort", onLeaving, { once: true });
  response.once("close", () => leaving.removeEventListener("abort", onLeaving));
}

/** Ends every connection, whatever is under way. */
export function closeNow(server: Server): void {
  server.close();
  server.closeAllConnections();
}

/** Waits up to 1 s until all responses are flushed. Closing earlier would truncate them. */
export async function flushResponses(server: Server): Promise<void> {
  const connections = promisify((done: (cause: Error | null, count: number) => void) => server.getConnections(done));
  const endMs = performance.now() + FLUSH_LIMIT_MS;
  for (;;) {
    server.closeIdleConnections();
    if ((await connections()) === 0 || performance.now() > endMs) return;
    await delay(CHECK_EVERY_MS);
  }
}

/** False while the answer to an earlier request is being sent: a second answer cannot begin before its end. */
function isAnswerDue(response: ServerResponse | undefined): boolean {
  if (!response) return true;
  return response.req.complete ? response.writableFinished : !response.headersSent;
}

function refuse(socket: Duplex, cause: NodeJS.ErrnoException): void {
  const [status, message] = REFUSALS[cause.code ?? ""] ?? [400, "The request is not valid HTTP."];
  refuseConnection(socket, new GatewayError("bad_request", message), status);
}

/** Answers in place of the app, and closes the connection. */
export function refuseConnection(socket: Duplex, error: GatewayError, status: number = error.row.status): void {
  const body = JSON.stringify(toErrorBody(error));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

const REFUSALS: Readonly<Record<string, readonly [status: number, message: string]>> = {
  HPE_HEADER_OVERFLOW: [431, "The request's headers are too large."],
  ERR_HTTP_REQUEST_TIMEOUT: [408, "The request took too long to arrive."],
};
