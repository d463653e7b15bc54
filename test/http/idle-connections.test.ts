import { once } from "node:events";
import { Agent as NodeAgent, get, type IncomingMessage } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { Agent, fetch as undiciFetch } from "undici";
import { afterEach, expect, test } from "vitest";
import { createHttpServer, type IdleLimits } from "../../src/http/server.ts";
import { says, serve } from "../support/scripted-gateway.ts";

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

function app(_request: unknown, response: { end(text: string): void }): void {
  response.end("hello");
}

/** A server, and how many connections were made to it. */
async function serveIdle(idle?: IdleLimits) {
  let connections = 0;
  const server = createHttpServer(app, new AbortController().signal, idle);
  server.on("connection", () => (connections += 1)).listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => {
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
  const { port, connections } = await serveIdle();
  const socket = connect(port, "127.0.0.1");
  expect(await ask(socket)).toContain("200 OK");
  await delay(11_500);
  expect(await ask(socket)).toContain("200 OK");
  expect(connections()).toBe(1);
  socket.destroy();
});

/** The time of which clients are told is over at once; a request that comes a moment later meets an open connection. */
const SHORT = { keepAliveTimeout: 1_000, keepAliveTimeoutBuffer: 60_000, idleLimitMs: 60_000 };

test("a request that comes just after the announced time is answered over the same connection", async () => {
  const { port, connections } = await serveIdle(SHORT);
  const socket = connect(port, "127.0.0.1");
  expect(await ask(socket)).toMatch(/keep-alive: timeout=1\r/i);
  for (const afterMs of [900, 1_100, 1_500]) {
    await delay(afterMs);
    expect(await ask(socket)).toContain("200 OK");
  }
  expect(connections()).toBe(1);
  socket.destroy();
});

test("pools that reuse connections around the announced time are always answered", async () => {
  const { port } = await serveIdle(SHORT);
  const url = `http://127.0.0.1:${port}/`;
  const agent = new NodeAgent({ keepAlive: true, maxSockets: 1 });
  // Neither heeds what the server announces: as aiohttp's and httpx's pools.
  const dispatcher = new Agent({ connections: 1, keepAliveTimeout: 60_000, keepAliveTimeoutThreshold: -60_000 });
  cleanups.push(
    () => agent.destroy(),
    () => void dispatcher.destroy(),
  );
  for (const afterMs of [0, 950, 1_000, 1_050, 1_200]) {
    await delay(afterMs);
    const [response] = (await once(get(url, { agent }), "response")) as [IncomingMessage];
    expect(await text(response)).toBe("hello");
    expect(await (await undiciFetch(url, { dispatcher })).text()).toBe("hello");
  }
});
