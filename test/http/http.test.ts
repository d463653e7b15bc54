import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { GatewayError } from "../../src/errors.ts";
import { fails, hangs, HELLO, JSON_HEADERS, KEY, says, serve } from "../support/scripted-gateway.ts";

describe("errors", () => {
  test("tell SDKs how long to wait", async () => {
    const limited = new GatewayError("rate_limit_exceeded", "Too many requests.", { retryAfterMs: 12_300 });
    const { post } = await serve(fails(limited));
    const response = await post(HELLO);
    expect(response.status).toBe(429);
    expect(response.headers.get("retry-after")).toBe("13");
    expect(response.headers.get("retry-after-ms")).toBe("12300");
    expect(response.headers.get("x-should-retry")).toBe("true");
    expect(await response.json()).toEqual({
      error: {
        message: "Too many requests. Please try again in 13s.",
        type: "requests",
        param: null,
        code: "rate_limit_exceeded",
      },
    });
  });

  test("tell SDKs not to wait for more than a minute", async () => {
    const { post } = await serve(fails(new GatewayError("site_rate_limited", "Slow down.", { retryAfterMs: 61_000 })));
    expect((await post(HELLO)).headers.get("x-should-retry")).toBe("false");
  });

  test("of the gateway itself show nothing of its inside", async () => {
    const { post, lines } = await serve(fails(new TypeError("secret detail")));
    const response = await post(HELLO);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("secret");
    expect(lines.at(-1)).toMatchObject({ code: "internal_error", err: expect.any(TypeError) });
  });

  test.each([
    ["malformed JSON", '{"model":', 400, "invalid_json"],
    ["a list", "[]", 400, "invalid_json"],
    ["nothing", "", 400, "invalid_json"],
    ["deep JSON", "[".repeat(200_000), 400, "bad_request"],
    ["brackets inside a string", JSON.stringify({ model: `\\"${"[".repeat(100)}` }), 400, "missing_required_parameter"],
    ["a __proto__ key", '{"messages":[{"__proto__":{"x":1}}]}', 400, "bad_request"],
    ["a constructor.prototype key", '{"metadata":{"constructor":{"prototype":{}}}}', 400, "bad_request"],
    ["too much", JSON.stringify({ model: "x".repeat(1_100_000) }), 413, "request_too_large"],
  ])("a body of %s is refused", async (_name, body, status, code) => {
    const { post, lines } = await serve(says("Hello"));
    const response = await post(body);
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({
      error: { message: expect.any(String), type: "invalid_request_error", param: expect.toSatisfy(() => true), code },
    });
    await expect.poll(() => lines.at(-1)).toMatchObject({ status, code, route: "/v1/chat/completions" });
  });

  test.each([
    [{ "content-type": "text/plain" }, 415],
    [{ "content-type": "application/json; charset=utf-16" }, 415],
    [{ "content-encoding": "exotic" }, 415],
    [{ "content-type": "application/vnd.api+json" }, 200],
  ])("a body sent as %o answers %i", async (headers, status) => {
    const { post } = await serve(says("Hello"));
    expect((await post(HELLO, headers as Record<string, string>)).status).toBe(status);
  });

  test("a body without a content type is taken for JSON", async () => {
    const { url } = await serve(says("Hello"));
    const body = new Blob([JSON.stringify(HELLO)]);
    const headers = { authorization: JSON_HEADERS.authorization };
    expect((await fetch(`${url}/v1/chat/completions`, { method: "POST", headers, body })).status).toBe(200);
  });
});

describe("the key", () => {
  test.each([
    ["Authorization", `Bearer ${KEY}`],
    ["authorization", `bEARER ${KEY}`],
    ["api-key", KEY],
    ["X-Api-Key", KEY],
  ])("is taken from %s: %s", async (name, value) => {
    const { url } = await serve(says("Hello"));
    expect((await fetch(`${url}/v1/models`, { headers: { [name]: value } })).status).toBe(200);
  });

  test.each([
    "/v1/models",
    "/models",
    "//v1//models/",
    "/V1/MODELS",
    "/v1/v1/models",
    "/v1/models/org%2Fbig",
    "/v1/models?x=/livez",
  ])("is needed for %s", async (path) => {
    const { url } = await serve(says("Hello"));
    const response = await fetch(url + path, { headers: { authorization: "Bearer sk-wrong-key" } });
    expect(response.status).toBe(401);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({
      error: { code: "invalid_api_key", message: expect.stringContaining("API_MASTER_KEY") as string },
    });
    expect(text).not.toContain("sk-wrong-key");
  });

  test("is asked for before the body is read", async () => {
    const { url } = await serve(says("Hello"));
    const response = await fetch(`${url}/v1/chat/completions`, { method: "POST", body: "{" });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe("Bearer");
  });
});

describe("pages of other origins", () => {
  test("pass their preflight without a key, with the headers they ask for", async () => {
    const { url } = await serve(says("Hello"));
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: "OPTIONS",
      headers: {
        origin: "https://app.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,x-stainless-new",
        "access-control-request-private-network": "true",
      },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("access-control-allow-headers")).toBe("authorization,x-stainless-new");
    expect(response.headers.get("access-control-allow-methods")).toContain("POST");
    expect(response.headers.get("access-control-max-age")).toBe("86400");
    expect(response.headers.get("access-control-allow-private-network")).toBe("true");
  });

  test("can read errors and their request id", async () => {
    const { url } = await serve(says("Hello"));
    const response = await fetch(`${url}/v1/models`, { headers: { origin: "https://app.example" } });
    expect(response.status).toBe(401);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("access-control-expose-headers")).toContain("x-request-id");
  });

  test("are let in by name only, when names are given", async () => {
    const { url } = await serve(says("Hello"), { corsOrigins: ["https://app.example"] });
    const allowed = await fetch(`${url}/livez`, { headers: { origin: "https://app.example" } });
    const other = await fetch(`${url}/livez`, { headers: { origin: "https://evil.example" } });
    expect(allowed.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(allowed.headers.get("vary")).toContain("Origin");
    expect(other.headers.get("access-control-allow-origin")).toBeNull();
  });
});

describe("routes", () => {
  test("list and find models", async () => {
    const { client } = await serve(says("Hello"));
    const list = await Array.fromAsync(client.models.list());
    expect(list.map(({ id, object }) => [id, object])).toEqual([
      ["gptomni", "model"],
      ["org/big", "model"],
    ]);
    expect(await client.models.retrieve("org/big")).toMatchObject({ id: "org/big", object: "model" });
    await expect(client.models.retrieve("gpt-9")).rejects.toMatchObject({ status: 404, code: "model_not_found" });
  });

  test.each(["/v1/models/org/big", "/v1/models/org%2Fbig", "/models/org/big/"])("find a model at %s", async (path) => {
    const { url } = await serve(says("Hello"));
    expect(await (await fetch(url + path, { headers: JSON_HEADERS })).json()).toMatchObject({ id: "org/big" });
  });

  test.each(["/", "/v1", "/livez", "/healthz", "/readyz"])("answer GET and HEAD %s without a key", async (path) => {
    const { url } = await serve(says("Hello"));
    const got = await fetch(url + path);
    expect([got.status, got.headers.get("content-type")]).toEqual([200, "application/json"]);
    const head = await fetch(url + path, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
  });

  test("say why the gateway is not ready", async () => {
    const readiness = { ready: false, reasons: ["every account is signed out"] };
    const { url } = await serve(says("Hello"), { readiness: () => readiness });
    const response = await fetch(`${url}/readyz`);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ reasons: ["every account is signed out"] });
  });

  test("that are unknown name those that are known", async () => {
    const { url, lines } = await serve(says("Hello"));
    const response = await fetch(`${url}/v1/embeddings?key=secret`, { method: "POST", body: "{}" });
    expect(response.status).toBe(404);
    const body = (await response.json()) as { error: { message: string; code: string } };
    expect(body.error.code).toBe("unknown_url");
    expect(body.error.message).toMatch(/^Invalid URL \(POST \/v1\/embeddings\)\..*POST \/v1\/chat\/completions/);
    await expect.poll(() => JSON.stringify(lines)).toContain('"route":"unknown"');
    expect(JSON.stringify(lines)).not.toContain("secret");
  });

  test.each([
    ["GET", "/v1/chat/completions", "POST, OPTIONS"],
    ["DELETE", "/v1/models", "GET, HEAD, OPTIONS"],
    ["POST", "/livez", "GET, HEAD, OPTIONS"],
  ])("answer %s %s with 405 and what is allowed", async (method, path, allow) => {
    const { url } = await serve(says("Hello"));
    const response = await fetch(url + path, { method, headers: JSON_HEADERS });
    expect([response.status, response.headers.get("allow")]).toEqual([405, allow]);
    expect(await response.json()).toMatchObject({ error: { code: "method_not_allowed" } });
  });

  test("are found by a proxy's absolute URL", async () => {
    const { url, port } = await serve(says("Hello"));
    const request = httpRequest({ port, host: "127.0.0.1", path: `${url}/v1/models`, headers: JSON_HEADERS }).end();
    const [response] = (await once(request, "response")) as [IncomingMessage];
    expect(response.resume().statusCode).toBe(200);
  });

  test("that cannot be decoded are a caller's mistake", async () => {
    const { url } = await serve(says("Hello"));
    expect((await fetch(`${url}/v1/models/%ff%`, { headers: JSON_HEADERS })).status).toBe(400);
  });
});

test("the log has one line per request, without prompt or key", async () => {
  const { client, lines } = await serve(says("a private answer"));
  await client.chat.completions.create({ model: "gptomni", messages: [{ role: "user", content: "a private matter" }] });
  await expect.poll(() => lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({
    requestId: expect.stringMatching(/^req_/),
    method: "POST",
    route: "/v1/chat/completions",
    status: 200,
    account: "alice",
    attempts: 1,
    model: "gptomni",
    tokens: { prompt: expect.any(Number), completion: 3, reasoning: 0 },
    durationMs: expect.any(Number),
    firstTokenMs: expect.any(Number),
  });
  expect(JSON.stringify(lines)).not.toContain("private");
  expect(JSON.stringify(lines)).not.toContain(KEY);
});

describe("what is no request", () => {
  const head = `POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${KEY}\r\n`;

  test.each([
    ["two lengths", `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, "400 Bad Request"],
    ["bad chunks", `${head}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`, "400 Bad Request"],
    ["long headers", `${head}X-Long: ${"x".repeat(20_000)}\r\n\r\n`, "431 Request Header Fields Too Large"],
  ])("is told so in JSON: %s", async (_name, bytes, statusLine) => {
    const { port } = await serve(says("Hello"));
    const said = await converse(port, bytes);
    expect(said.slice(0, said.indexOf("\r\n"))).toBe(`HTTP/1.1 ${statusLine}`);
    expect(JSON.parse(said.slice(said.indexOf("\r\n\r\n")))).toMatchObject({ error: { code: "bad_request" } });
  });

  test("gets no answer in place of the request before it", async () => {
    const { port, lines } = await serve(hangs());
    const body = JSON.stringify(HELLO);
    expect(await converse(port, `${head}Content-Length: ${body.length}\r\n\r\n${body}no such thing\r\n\r\n`)).toBe("");
    await expect.poll(() => lines.at(-1)).toMatchObject({ status: 499, code: "client_closed" });
  });
});

/** What the server says to these bytes until it closes. */
async function converse(port: number, bytes: string): Promise<string> {
  const socket = connect(port, "127.0.0.1")
    .setEncoding("latin1")
    .on("error", () => undefined);
  socket.write(bytes);
  let said = "";
  socket.on("data", (text: string) => (said += text));
  await once(socket, "close");
  return said;
}

test("a half-sent body that stops is not an answer's business", async () => {
  const { port, lines } = await serve(says("Hello"));
  const socket = connect(port, "127.0.0.1");
  const head = `Host: x\r\nAuthorization: Bearer ${KEY}\r\nContent-Length: 100\r\nExpect: 100-continue`;
  socket.write(`POST /v1/chat/completions HTTP/1.1\r\n${head}\r\n\r\n`);
  const [said] = (await once(socket, "data")) as [Buffer];
  expect(said.toString()).toMatch(/^HTTP\/1\.1 100 /);
  socket.write('{"mo', () => socket.destroy());
  await expect.poll(() => lines.at(-1)).toMatchObject({ status: 499, code: "client_closed" });
});
