import { once } from "node:events";
import { request as httpRequest, type IncomingMessage, type RequestListener } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";
import { createHttpServer } from "../../src/http/server.ts";
import { ADMIN_KEY } from "../support/api-key.ts";
import { JSON_HEADERS, KEY, says, serve } from "../support/scripted-gateway.ts";

const METRICS_KEY = "sk-metrics-0123456789abcdef0123456789abcdef";
const GUARDED = [
  "/metrics",
  "/admin/api/accounts",
  "/admin/api/keys",
  "/admin/api/overview",
  "/admin/api/queue",
  "/admin/api/settings",
  "/admin/api/requests",
  "/admin/api/usage",
  "/admin/api/events",
  "/openapi.json",
  "/docs",
];

const ALIASES: readonly ((route: string) => string)[] = [
  (route) => `/v1${route}`,
  (route) => `/${route}`,
  (route) => route.toUpperCase(),
  (route) => `${route}/`,
  (route) => `http://localhost${route}`,
  (route) => `${route}#x`,
  (route) => `/%${route.charCodeAt(1).toString(16)}${route.slice(2)}`,
  (route) => `/chat/completions${route}`,
  (route) => `/x/..${route}`,
  (route) => `/.${route}`,
];

interface Asked {
  readonly host?: string;
  readonly key?: string;
  readonly method?: string;
  readonly localAddress?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends the path and the Host as they are, which fetch does not. */
async function ask(port: number, path: string, asked: Asked = {}): Promise<IncomingMessage> {
  const { host = "127.0.0.1", key = ADMIN_KEY, method = "GET", localAddress, headers = {} } = asked;
  const request = httpRequest({
    port,
    path,
    method,
    host: "127.0.0.1",
    ...(localAddress !== undefined && { localAddress }),
    headers: { host, authorization: `Bearer ${key}`, ...headers },
  }).end();
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return response;
}

async function statusOf(port: number, path: string, asked: Asked = {}): Promise<number | undefined> {
  return (await ask(port, path, asked)).resume().statusCode;
}

describe.each(GUARDED)("%s", (path) => {
  test.each([
    "localhost",
    "LOCALHOST:8088",
    "gateway.localhost",
    "localhost.",
    "127.0.0.1:8088",
    "192.168.1.20",
    "[::1]:8088",
    "gateway.lan",
    "Gateway.LAN:80",
  ])("is served under %s", async (host) => {
    const { port } = await serve(says("Hello"), { allowedHosts: ["gateway.lan"] });
    expect(await statusOf(port, path, { host })).toBe(200);
  });

  test.each(["evil.example", "evil.example:8088", "localhost.evil.example", "127.0.0.1.evil.example", "xlocalhost"])(
    "is not served under the name %j, and says what allows it",
    async (host) => {
      const { port } = await serve(says("Hello"), { allowedHosts: ["gateway.lan"] });
      const response = await ask(port, path, { host });
      expect(response.statusCode).toBe(403);
      const { error } = (await json(response)) as { error: { code: string; message: string } };
      expect(error.code).toBe("host_not_allowed");
      expect(error.message).toContain("ALLOWED_HOSTS");
    },
  );

  test("grants no web page of another origin anything", async () => {
    const { port } = await serve(says("Hello"));
    const origin = { origin: "https://app.example" };
    for (const method of ["GET", "OPTIONS"]) {
      const response = (await ask(port, path, { method, headers: origin })).resume();
      expect(Object.keys(response.headers).filter((name) => name.startsWith("access-control-"))).toEqual([]);
    }
    expect(await statusOf(port, path, { method: "OPTIONS", headers: origin })).toBe(405);
  });

  test.each(ALIASES)("has no alias: %s", async (alias) => {
    const { port } = await serve(says("Hello"));
    expect(await statusOf(port, path)).toBe(200);
    expect(await statusOf(port, `${path}?`)).toBe(200);
    const response = await ask(port, alias(path));
    expect([response.statusCode, await json(response)]).toMatchObject([404, { error: { code: "unknown_url" } }]);
  });
});

test("callers' routes are served under any name, since they need a key and are called by names of proxies", async () => {
  const { port } = await serve(says("Hello"));
  for (const path of ["/v1/models", "/livez", "/readyz", "/"])
    expect(await statusOf(port, path, { host: "api.example", key: KEY })).toBe(200);
});

test("no route of the operator opens to a caller's key, whatever its method", async () => {
  const { port } = await serve(says("Hello"));
  const { paths } = (await json(await ask(port, "/openapi.json"))) as {
    paths: Record<string, Record<string, { readonly security?: readonly object[] }>>;
  };
  const served = Object.entries(paths).filter(([path]) => path.startsWith("/admin/"));
  expect(served.length).toBeGreaterThan(0);
  for (const [path, methods] of served) {
    for (const [method, { security }] of Object.entries(methods)) {
      // The sign-in takes its key in the body.
      if (security?.length === 0) continue;
      const at = path.replaceAll(/\{\w+\}/g, "x");
      const status = await statusOf(port, at, { method: method.toUpperCase(), key: KEY });
      // After many wrong keys it is 429.
      expect([401, 429], `${method} ${path}`).toContain(status);
    }
  }
});

test("METRICS_KEY opens the metrics and nothing else", async () => {
  const { port } = await serve(says("Hello"), { metricsKey: METRICS_KEY });
  const statuses = async (key: string): Promise<unknown[]> =>
    Promise.all(["/metrics", "/admin/api/accounts", "/v1/models"].map((path) => statusOf(port, path, { key })));
  expect(await statuses(METRICS_KEY)).toEqual([200, 401, 401]);
  expect(await statuses(ADMIN_KEY)).toEqual([200, 200, 401]);
  expect(await statuses(KEY)).toEqual([401, 401, 200]);
});

function guess(port: number, asked: Asked = {}): Promise<number | undefined> {
  return statusOf(port, "/v1/models", { key: `sk-guess-${Math.random()}`, ...asked });
}

describe("wrong keys", () => {
  test("are braked after twenty a minute from one address, and a right key is not", async () => {
    const { port } = await serve(says("Hello"));
    const statuses: unknown[] = [];
    for (let count = 0; count < 25; count += 1) statuses.push(await guess(port));
    expect(statuses).toEqual([...Array<number>(20).fill(401), ...Array<number>(5).fill(429)]);
    const response = await ask(port, "/v1/messages/count_tokens", { key: "sk-guess", method: "POST" });
    expect(Number(response.headers["retry-after"])).toBeGreaterThan(0);
    expect(Number(response.headers["retry-after"])).toBeLessThanOrEqual(60);
    expect(response.headers["x-should-retry"]).toBe("false");
    expect(await json(response)).toMatchObject({ type: "error", error: { type: "rate_limit_error" } });
    expect(await statusOf(port, "/v1/models", { key: KEY })).toBe(200);
    expect(await statusOf(port, "/metrics")).toBe(200);
  });

  test("are counted for callers' and operators' routes together", async () => {
    const { port } = await serve(says("Hello"));
    for (let count = 0; count < 20; count += 1) await guess(port);
    expect(await statusOf(port, "/admin/api/accounts", { key: "sk-guess" })).toBe(429);
  });

  test("of one address leave another alone, and no header makes another address", async () => {
    const { port } = await serve(says("Hello"));
    for (let count = 0; count < 21; count += 1) await guess(port, { localAddress: "127.0.0.2" });
    expect(await guess(port, { localAddress: "127.0.0.3" })).toBe(401);
    const headers = { "x-forwarded-for": "192.0.2.7", "x-real-ip": "192.0.2.7", forwarded: "for=192.0.2.7" };
    expect(await guess(port, { localAddress: "127.0.0.2", headers })).toBe(429);
  });

  test("are not what comes without any key", async () => {
    const { url } = await serve(says("Hello"));
    for (let count = 0; count < 30; count += 1) expect((await fetch(`${url}/v1/models`)).status).toBe(401);
  });
});

describe("a request with two Host headers", () => {
  test.each(["/v1/models", "/metrics", "/livez"])("to %s is refused", async (path) => {
    const { port } = await serve(says("Hello"));
    const socket = connect(port, "127.0.0.1").setEncoding("latin1");
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nhost: localhost\r\nAuthorization: Bearer ${KEY}\r\n\r\n`);
    let said = "";
    socket.on("data", (text: string) => (said += text));
    await once(socket, "close");
    expect(said).toMatch(/^HTTP\/1\.1 400 /);
    expect(said).toContain("more than one Host header");
  });
});

describe("a connection without a request", () => {
  test.each([
    ["nothing", ""],
    ["an empty line", "\r\n"],
    ["many empty lines", "\r\n".repeat(100)],
    ["half a head", "GET /livez HTTP/1.1\r\nHost: localhost\r\n"],
  ])("is closed when it sends %s", async (_name, bytes) => {
    const limits = { headersTimeout: 200, requestTimeout: 400, connectionsCheckingInterval: 20 };
    const { port } = await serve(says("Hello"), {}, limits);
    const socket = connect(port, "127.0.0.1").setEncoding("latin1");
    socket.write(bytes);
    let said = "";
    socket.on("data", (text: string) => (said += text));
    await once(socket, "close");
    expect(said).toMatch(/^HTTP\/1\.1 408 /);
  });

  test("is closed when it sends empty lines for ever after its first request", async () => {
    const port = await serveAfter(0);
    const socket = connect(port, "127.0.0.1").setEncoding("latin1");
    socket.write(REQUEST);
    socket.on("error", () => undefined);
    const closed = new Promise((resolve) => void socket.once("close", resolve));
    let said = "";
    socket.on("data", (text: string) => (said += text));
    await expect.poll(() => said).toMatch(/^HTTP\/1\.1 200 /);
    const dripping = setInterval(() => socket.write("\r\n"), 20);
    await closed;
    clearInterval(dripping);
  });

  test("is left alone while a next answer takes long, whenever its request came", async () => {
    const port = await serveAfter(5 * IDLE_LIMIT_MS);
    const socket = connect(port, "127.0.0.1").setEncoding("latin1");
    socket.write(REQUEST + REQUEST);
    let said = "";
    socket.on("data", (text: string) => (said += text));
    await expect.poll(() => said.match(/HTTP\/1\.1 200 /g)?.length).toBe(2);
    socket.write(REQUEST);
    await expect.poll(() => said.match(/HTTP\/1\.1 200 /g)?.length).toBe(3);
    if (!socket.closed) await once(socket, "close");
  });
});

const IDLE_LIMIT_MS = 200;
const REQUEST = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";

/** A server that takes so long for each answer. */
async function serveAfter(answerMs: number): Promise<number> {
  const answer: RequestListener = (_request, response) => void setTimeout(() => response.end("done"), answerMs);
  const server = createHttpServer(answer, new AbortController().signal, {
    keepAliveTimeout: 60_000,
    keepAliveTimeoutBuffer: 0,
    idleLimitMs: IDLE_LIMIT_MS,
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

test("the API answers every page that CORS_ORIGINS allows, with its errors as well", async () => {
  const { url } = await serve(says("Hello"));
  const response = await fetch(`${url}/v1/models`, { headers: { ...JSON_HEADERS, origin: "https://app.example" } });
  expect(response.headers.get("access-control-allow-origin")).toBe("*");
});
