import fc from "fast-check";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { brotliCompressSync, constants, gzipSync, zstdCompressSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import { ConfiguredKeys } from "../../src/http/api-keys.ts";
import { BodyBudget } from "../../src/http/body-budget.ts";
import { hangs, HELLO, says, serve } from "../support/scripted-gateway.ts";

const KEYS = { anna: "sk-annas-0123456789abcdef", ben: "sk-bens-fedcba9876543210" };
type Name = keyof typeof KEYS;
const apiKeys = new ConfiguredKeys(Object.entries(KEYS).map(([name, value]) => ({ name, value })));
/** Each key has 250,000 bytes of its own, and of the other 500,000 what it leaves free. */
const limits = { maxBodyBytes: 100_000, maxHeldBodyBytes: 1_000_000 };
const BODY_BYTES = 90_000;

function bodyOf(fields: object): string {
  const body = JSON.stringify({ ...HELLO, ...fields, user: "" });
  return body.replace('"user":""', `"user":"${"x".repeat(BODY_BYTES - body.length)}"`);
}

/** A response that is not held may be collected, which ends its request. */
const open: Response[] = [];
afterEach(() => void open.splice(0));

/** The statuses of so many requests at once; what is streamed goes on. */
async function statusesOf(url: string, name: Name, count: number, body: string): Promise<number[]> {
  const headers = { authorization: `Bearer ${KEYS[name]}`, "content-type": "application/json" };
  const ask = async (): Promise<number> => {
    const response = await fetch(`${url}/v1/chat/completions`, { method: "POST", headers, body });
    open.push(response);
    return response.status;
  };
  return Promise.all(Array.from({ length: count }, ask));
}

function numberOf(status: number, statuses: readonly number[]): number {
  return statuses.filter((one) => one === status).length;
}

test("a key that asks with large bodies in numbers leaves room for another's", async () => {
  const { url } = await serve(hangs("Hello"), { apiKeys, limits });
  const body = bodyOf({ stream: true });
  const annas = await statusesOf(url, "anna", 40, body);
  expect([numberOf(200, annas), numberOf(503, annas)]).toEqual([5, 35]);
  const bens = await statusesOf(url, "ben", 40, body);
  expect([numberOf(200, bens), numberOf(503, bens)]).toEqual([4, 36]);
});

test("a request that finds its key's room taken is told so, and when to come back", async () => {
  const { url } = await serve(hangs("Hello"), { apiKeys, limits });
  await statusesOf(url, "anna", 5, bodyOf({ stream: true }));
  const headers = { "x-api-key": KEYS.anna, "content-type": "application/json" };
  const response = await fetch(`${url}/v1/messages`, { method: "POST", headers, body: bodyOf({ max_tokens: 5 }) });
  expect([response.status, response.headers.get("retry-after")]).toEqual([503, "5"]);
  expect(response.headers.get("x-should-retry")).toBe("true");
  expect(await response.json()).toMatchObject({ error: { message: expect.stringContaining("this key") as unknown } });
});

/** A body without its end: what a decompressor gives out before it. */
function begun(pack: (bytes: Buffer) => Buffer): string {
  return chunk(pack(Buffer.alloc(BODY_BYTES, " ")));
}

function chunk(bytes: Buffer): string {
  return `${bytes.length.toString(16)}\r\n${bytes.toString("latin1")}\r\n`;
}

const CHUNKED = "transfer-encoding: chunked\r\n";

test.each([
  ["announced by their heads, before they come", `content-length: ${BODY_BYTES}\r\n\r\n`],
  ["sent in chunks", `${CHUNKED}\r\n${begun((bytes) => bytes)}`],
  [
    "packed by gzip",
    `${CHUNKED}content-encoding: gzip\r\n\r\n${begun((bytes) => gzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }))}`,
  ],
  [
    "packed by brotli",
    `${CHUNKED}content-encoding: br\r\n\r\n${begun((bytes) => brotliCompressSync(bytes, { finishFlush: constants.BROTLI_OPERATION_FLUSH }))}`,
  ],
  [
    "packed by zstd",
    `${CHUNKED}content-encoding: zstd\r\n\r\n${begun((bytes) => zstdCompressSync(bytes, { finishFlush: constants.ZSTD_e_flush }))}`,
  ],
])("bodies count as much as they are while they come: %s", async (_how, rest) => {
  const { port, url, lines } = await serve(says("Hello"), { apiKeys, limits });
  const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEYS.anna}\r\ncontent-type: application/json\r\n`;
  const sockets = Array.from({ length: 5 }, (): Socket => connect(port, "127.0.0.1"));
  for (const socket of sockets) {
    await once(socket, "connect");
    socket.write(head + rest, "latin1");
  }
  const body = bodyOf({});
  await expect.poll(() => statusesOf(url, "anna", 1, body)).toEqual([503]);
  expect(await statusesOf(url, "ben", 1, body)).toEqual([200]);
  for (const socket of sockets) socket.destroy();
  await expect.poll(() => lines.filter(({ code }) => code === "client_closed")).toHaveLength(5);
  await expect.poll(() => statusesOf(url, "anna", 1, body)).toEqual([200]);
});

test("a body that grows beyond its key's room ends with an answer, and gives back what it took", async () => {
  const { url } = await serve(hangs("Hello"), { apiKeys, limits });
  await statusesOf(url, "anna", 5, bodyOf({ stream: true }));
  const headers = { authorization: `Bearer ${KEYS.anna}`, "content-type": "application/json" };
  const packed = { method: "POST", headers: { ...headers, "content-encoding": "gzip" } };
  for (let count = 0; count < 3; count += 1) {
    const refused = await fetch(`${url}/v1/chat/completions`, {
      ...packed,
      body: new Uint8Array(gzipSync(bodyOf({ stream: true }))),
    });
    expect([refused.status, await refused.json()]).toMatchObject([503, { error: { code: "overloaded" } }]);
  }
  // 50,000 bytes are still free.
  const body = JSON.stringify({ ...HELLO, messages: [] });
  const small = await fetch(`${url}/v1/chat/completions`, { method: "POST", headers, body });
  expect(small.status).toBe(400);
});

test("whoever holds what, all together stay within the limit and each key has its own part", () => {
  const acts = fc.array(
    fc.record({
      key: fc.nat({ max: 5 }),
      request: fc.nat({ max: 3 }),
      bytes: fc.oneof({ weight: 1, arbitrary: fc.constant(0) }, { weight: 4, arbitrary: fc.nat({ max: 600 }) }),
    }),
    { minLength: 10, maxLength: 80 },
  );
  let refusals = 0;
  const property = fc.property(fc.integer({ min: 1, max: 6 }), acts, (keys, steps) => {
    const maxBytes = 1_000;
    const budget = new BodyBudget({ maxBytes: () => maxBytes, keys: () => keys });
    const holds = new Map<string, { readonly hold: ReturnType<BodyBudget["hold"]>; key: string; bytes: number }>();
    const sumOf = (key?: string): number =>
      [...holds.values()].reduce((sum, one) => sum + (key === undefined || one.key === key ? one.bytes : 0), 0);
    const own = keys === 1 ? maxBytes : maxBytes / 2 / keys;
    for (const step of steps) {
      const key = `key ${step.key % keys}`;
      const name = `${key} ${step.request}`;
      const held = holds.get(name) ?? { hold: budget.hold(key), key, bytes: 0 };
      holds.set(name, held);
      if (step.bytes === 0) {
        held.hold.release();
        held.bytes = 0;
        continue;
      }
      const wanted = Math.max(held.bytes, step.bytes);
      const within = sumOf(key) - held.bytes + wanted <= own;
      let isRefused = false;
      try {
        held.hold.growTo(step.bytes);
        held.bytes = wanted;
      } catch {
        isRefused = true;
        refusals += 1;
      }
      expect(isRefused && within).toBe(false);
      expect(sumOf()).toBeLessThanOrEqual(maxBytes);
    }
  });
  fc.assert(property, { numRuns: 300 });
  expect(refusals).toBeGreaterThan(300);
});
