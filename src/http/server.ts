import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http";
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
  /** How much longer it is really kept: a request may be under way when the time is over. */
  readonly keepAliveTimeoutBuffer: number;
  /**
   * How long a connection may stay after an answer without a next request, whatever comes over it: Node restarts its own
   * clock at each empty line (https://www.rfc-editor.org/rfc/rfc9112#section-2.2-6).
   */
  readonly idleLimitMs: number;
}

const ARRIVAL_LIMITS = { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 1_000 };
/**
 * A connection over which nothing is asked outlives those in the pools of clients and proxies: nginx keeps them for 60 or 75 s,
 * Go and Traefik for 90 s, OkHttp for 5 minutes, Google's load balancer for 10 minutes. Else a pool would send a request
 * over a connection that is being closed.
 */
const IDLE_LIMITS = { keepAliveTimeout: 620_000, keepAliveTimeoutBuffer: 10_000, idleLimitMs: 635_000 };
/** Each costs a file descriptor and some kilobytes; far more than clients need, far less than a process may open. */
const MAX_CONNECTIONS = 4_096;

/** A client that is still sending gets this long to read why it is cut off: closing at once may lose the answer. */
const LINGER_MS = 1_000;
/** What is decided is written within a tick or two; a client that does not read is not waited for. */
const LAST_WORDS_LIMIT_MS = 1_000;
const LOOK_EVERY_MS = 10;

/**
 * Node's server, which tells in JSON what it cannot read, too. From `leaving` on, each answer is its connection's last:
 * clients and proxies go elsewhere with their next request, in place of finding the connection closed.
 */
export function createHttpServer(
  app: RequestListener,
  leaving: AbortSignal,
  limits: Partial<ConnectionLimits> = {},
): Server {
  const latest = new WeakMap<Duplex, ServerResponse>();
  const idleTimers = new WeakMap<Duplex, NodeJS.Timeout>();
  const { idleLimitMs, ...timeouts } = { ...ARRIVAL_LIMITS, ...IDLE_LIMITS, ...limits };
  const server = createServer(timeouts, (request, response) => {
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

/** Resolves when every answer is with its client, or a second later: who closes before loses what was said last. */
export async function flushResponses(server: Server): Promise<void> {
  const connections = promisify((done: (cause: Error | null, count: number) => void) => server.getConnections(done));
  const endMs = performance.now() + LAST_WORDS_LIMIT_MS;
  for (;;) {
    server.closeIdleConnections();
    if ((await connections()) === 0 || performance.now() > endMs) return;
    await delay(LOOK_EVERY_MS);
  }
}

/** Not while an answer to an earlier request is under way: there is no place for another one before its end. */
function isAnswerDue(response: ServerResponse | undefined): boolean {
  if (!response) return true;
  return response.req.complete ? response.writableFinished : !response.headersSent;
}

function refuse(socket: Duplex, cause: NodeJS.ErrnoException): void {
  const [statusLine, message] = REFUSALS[cause.code ?? ""] ?? ["400 Bad Request", "The request is not valid HTTP."];
  const body = JSON.stringify(toErrorBody(new GatewayError("bad_request", message)));
  const head = [
    `HTTP/1.1 ${statusLine}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

const REFUSALS: Readonly<Record<string, readonly [statusLine: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: ["431 Request Header Fields Too Large", "The request's headers are too large."],
  ERR_HTTP_REQUEST_TIMEOUT: ["408 Request Timeout", "The request took too long to arrive."],
};
