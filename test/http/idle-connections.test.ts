import { once } from "node:events";
import { Agent as NodeAgent, get, type IncomingMessage } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { Agent, fetch as undiciFetch } from "undici";
import { expect, onTestFinished, test } from "vitest";
import { createHttpServer, type ConnectionLimits } from "../../src/http/server.ts";
import { says, serve } from "../support/scripted-gateway.ts";

function app(_request: unknown, response: { end(text: string): void }): void {
  response.end("hello");
}

/** A server, and how many connections were made to it. */
async function serveWith(limits: Partial<ConnectionLimits> = {}) {
  let connections = 0;
  const server = createHttpServer(app, new AbortController().signal, limits);
  server.on("connection", () => (connections += 1)).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, connections: () => connections };
}

async function ask(socket: Socket): Promise<string> {
  const answered = once(socket, "data");
  socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  return String(await answered);
}

test("an idle connection is kept for longer than pools of clients and proxies keep theirs, and they are told", async () => {
  const { url } = await serve(says("Hello"));
  const response = await fetch(`${url}/livez`);
  expect(response.headers.get("connection")).toBe("keep-alive");
  const seconds = Number(/timeout=(\d+)/.exec(response.headers.get("keep-alive") ?? "")?.[1]);
  // nginx 60 and 75, Go 90, OkHttp 300, Google's load balancer 600.
  expect(seconds).toBeGreaterThan(600);
});

test("a connection that was idle for longer than a head may take is used again", async () => {
  const { port, connections } = await serveWith({ headersTimeout: 200, connectionsCheckingInterval: 20 });
  const socket = connect(port, "127.0.0.1");
  expect(await ask(socket)).toContain("200 OK");
  // A head that began now is cut off: so long the first connection was idle.
  const late = connect(port, "127.0.0.1");
  late.write("GET / HTTP/1.1\r\n");
  await once(late, "data");
  expect(await ask(socket)).toContain("200 OK");
  expect(connections()).toBe(2);
  for (const one of [socket, late]) one.destroy();
});

/** The time of which clients are told is over soon; a request that comes a moment later meets an open connection. */
const SHORT = { keepAliveTimeout: 1_000, keepAliveTimeoutBuffer: 60_000, idleLimitMs: 60_000 };

/** Resolves when a server would have closed a connection that is idle from now on. */
async function idleFor(keepAliveTimeout: number): Promise<void> {
  if (keepAliveTimeout === 0) return;
  const { port } = await serveWith({ keepAliveTimeout, keepAliveTimeoutBuffer: 0 });
  const socket = connect(port, "127.0.0.1");
  const closed = once(socket, "close");
  await ask(socket);
  await closed;
}

test.each([900, 1_100, 1_500])(
  "a request that comes around the announced time is answered over the same connection (after %i ms)",
  async (afterMs) => {
    const { port, connections } = await serveWith(SHORT);
    const socket = connect(port, "127.0.0.1");
    expect(await ask(socket)).toMatch(/keep-alive: timeout=1\r/i);
    await idleFor(afterMs);
    expect(await ask(socket)).toContain("200 OK");
    expect(connections()).toBe(1);
    socket.destroy();
  },
);

test.each([0, 950, 1_000, 1_050, 1_200])(
  "pools that reuse connections around the announced time are always answered (after %i ms)",
  async (afterMs) => {
    const { port } = await serveWith(SHORT);
    const url = `http://127.0.0.1:${port}/`;
    const agent = new NodeAgent({ keepAlive: true, maxSockets: 1 });
    // Neither heeds what the server announces: as aiohttp's and httpx's pools.
    const dispatcher = new Agent({ connections: 1, keepAliveTimeout: 60_000, keepAliveTimeoutThreshold: -60_000 });
    onTestFinished(() => {
      agent.destroy();
      void dispatcher.destroy();
    });
    const askBoth = async (): Promise<string[]> => {
      const [response] = (await once(get(url, { agent }), "response")) as [IncomingMessage];
      return [await text(response), await (await undiciFetch(url, { dispatcher })).text()];
    };
    expect(await askBoth()).toEqual(["hello", "hello"]);
    await idleFor(afterMs);
    expect(await askBoth()).toEqual(["hello", "hello"]);
  },
);
