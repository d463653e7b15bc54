import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { HELLO, JSON_HEADERS, says, serve } from "../support/scripted-gateway.ts";

const POSTED = ["/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/messages"];

describe("a compressed body", () => {
  const packings = [
    ["gzip", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
    ["zstd", zstdCompressSync],
  ] as const;

  test.each(packings)("is read when it is %s", async (encoding, pack) => {
    const { url } = await serve(says("Hello"));
    const headers = { ...JSON_HEADERS, "content-encoding": encoding };
    const send = (body: Buffer) =>
      fetch(`${url}/v1/chat/completions`, { method: "POST", headers, body: new Uint8Array(body) });
    expect((await send(pack(JSON.stringify(HELLO)))).status).toBe(200);
    const garbage = await send(Buffer.from("no such thing"));
    expect([garbage.status, await garbage.json()]).toMatchObject([400, { error: { code: "bad_request" } }]);
    const bomb = await send(pack(Buffer.alloc(8_000_000, " ")));
    expect([bomb.status, await bomb.json()]).toMatchObject([413, { error: { code: "request_too_large" } }]);
  });
});

describe("an endpoint typed as the base URL", () => {
  test("is understood for each endpoint that is served", async () => {
    const { url } = await serve(says("Hello"));
    const { routes } = (await (await fetch(url)).json()) as { routes: string[] };
    const endpoints = routes.flatMap((route) => /^POST (\/v1\/.*)$/.exec(route)?.[1] ?? []);
    expect(endpoints).toContain("/v1/responses");
    for (const path of endpoints) {
      expect([path, (await fetch(`${url}${path}/models`, { headers: JSON_HEADERS })).status]).toEqual([path, 200]);
    }
  });

  test.each([
    ["/v1/chat/completions/chat/completions", 200],
    ["/v1/chat/completions/v1/chat/completions/", 200],
    ["/chat/completions/chat/completions/chat/completions", 200],
    ["/v1/chat/completions/elsewhere", 404],
  ])("POST %s answers %i", async (path, status) => {
    const { url } = await serve(says("Hello"));
    const response = await fetch(url + path, { method: "POST", headers: JSON_HEADERS, body: JSON.stringify(HELLO) });
    expect(response.status).toBe(status);
  });

  test.each(["/v1/chat/completions/models", "/v1/completions/models/org/big", "/v1/messages/v1/models"])(
    "does not hide the models from GET %s",
    async (path) => {
      const { url } = await serve(says("Hello"));
      expect((await fetch(url + path, { headers: JSON_HEADERS })).status).toBe(200);
    },
  );
});

describe.each(POSTED)("%s", (path) => {
  test.each(["GET", "HEAD", "PUT", "DELETE"])("answers %s with 405 and what is allowed", async (method) => {
    const { url } = await serve(says("Hello"));
    const response = await fetch(url + path, { method, headers: JSON_HEADERS });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST, OPTIONS"]);
    expect(response.headers.get("content-type")).toBe("application/json");
  });

  test("answers OPTIONS without a key", async () => {
    const { url } = await serve(says("Hello"));
    expect((await fetch(url + path, { method: "OPTIONS" })).status).toBe(204);
  });

  test("needs a key", async () => {
    const { url } = await serve(says("Hello"));
    expect((await fetch(url + path, { method: "POST", body: "{}" })).status).toBe(401);
  });
});
