import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { z } from "zod";
import { checked } from "../../src/dialects/parameters.ts";
import { hangs, HELLO, JSON_HEADERS, KEY, says, serve } from "../support/scripted-gateway.ts";

const ENDPOINTS = [
  "/v1/chat/completions",
  "/v1/completions",
  "/v1/responses",
  "/v1/messages",
  "/v1/messages/count_tokens",
];
const MANY = Array.from({ length: 60_000 }, () => 0);

async function refused(url: string, path: string, body: unknown) {
  const response = await fetch(url + path, { method: "POST", headers: JSON_HEADERS, body: JSON.stringify(body) });
  const { error } = (await response.json()) as { error: { code?: string; message: string; param?: string } };
  return { status: response.status, ...error };
}

test.each(ENDPOINTS)("%s refuses a body of more values than are read soon, by number", async (path) => {
  const { url } = await serve(says("Hello"));
  for (const values of [Array.from({ length: 150_000 }, () => 0), Array.from({ length: 60_000 }, () => [])]) {
    expect(await refused(url, path, { ...HELLO, max_tokens: 5, metadata: { a: values } })).toMatchObject({
      status: 413,
      message: "The JSON body has more than 100000 values.",
    });
  }
  // Commas and brackets in texts are no values.
  const { status } = await refused(url, path, {
    ...HELLO,
    max_tokens: 5,
    messages: [{ role: "user", content: 1, name: ",[{".repeat(50_000) }],
  });
  expect(status).toBe(400);
});

test.each([
  ["/v1/chat/completions", { messages: MANY }, "messages[0]"],
  ["/v1/chat/completions", { messages: [{ role: "user", content: MANY }] }, "messages[0].content[0]"],
  ["/v1/chat/completions", { ...HELLO, tools: MANY.slice(-500) }, "tools[0]"],
  ["/v1/completions", { prompt: MANY }, "prompt[0]"],
  ["/v1/responses", { input: MANY }, "input[0]"],
  ["/v1/responses", { input: "Hello", tools: MANY.slice(-500) }, "tools[0]"],
  ["/v1/messages", { max_tokens: 5, messages: MANY }, "messages[0]"],
  ["/v1/messages", { max_tokens: 5, messages: [{ role: "user", content: MANY }] }, "messages[0].content[0]"],
])("%s names the first wrong element of many", async (path, body, param) => {
  const { url } = await serve(says("Hello"));
  const failure = await refused(url, path, { model: "gptomni", ...body });
  expect(failure.status).toBe(400);
  expect(`${failure.param ?? ""} ${failure.message}`).toContain(param);
});

test("checking a list stops at its first wrong element", () => {
  let looks = 0;
  const element = z.custom((value) => {
    looks += 1;
    return value === 1;
  });
  const schema = z.object({ list: z.union([z.string(), z.array(z.object({ inner: z.array(element) }))]) });
  const list = Array.from({ length: 1_000 }, (_, index) => ({ inner: index === 5 ? [1, ...MANY] : [1] }));
  expect(() => checked({ list }, schema)).toThrow("list[5].inner[1]");
  expect(looks).toBeLessThan(20);
});

const PROPERTIES = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`p${index}`, { type: "string" }]));
const OBJECT = { type: "object", properties: PROPERTIES };

test.each([
  ["too many", 600, { type: "object" }, /'(tools|functions)': array too long.*512.*600/],
  ["of too many objects", 250, OBJECT, /'(tools|functions)'.* 25500 objects.* 20000/],
  ["of too many characters", 5, { title: "x".repeat(250_000) }, /'(tools|functions)'.* 12500\d\d characters.* 1000000/],
])("tools that are %s are refused by name and number", async (_name, count, schema, message) => {
  const { url } = await serve(says("Hello"), { limits: { maxBodyBytes: 4_000_000 } });
  const declared = Array.from({ length: count }, (_, index) => ({ name: `t${index}`, parameters: schema }));
  const own = { ...HELLO, max_tokens: 5 };
  const bodies: readonly (readonly [path: string, body: object])[] = [
    ["/v1/chat/completions", { ...own, tools: declared.map((one) => ({ type: "function", function: one })) }],
    ["/v1/chat/completions", { ...own, functions: declared }],
    [
      "/v1/responses",
      { model: own.model, input: "Hello", tools: declared.map((one) => ({ type: "function", ...one })) },
    ],
    ...["/v1/messages", "/v1/messages/count_tokens"].map((path) => {
      return [path, { ...own, tools: declared.map(({ name }) => ({ name, input_schema: schema })) }] as const;
    }),
  ];
  for (const [path, body] of bodies)
    expect(await refused(url, path, body)).toMatchObject({
      status: 400,
      message: expect.stringMatching(message) as unknown,
    });
});

test.each([
  ["/v1/messages", "stop_sequences", { messages: [{ role: "user", content: "Hello" }] }],
  ["/v1/chat/completions", "stop", { messages: [{ role: "user", content: "Hello" }] }],
  ["/v1/completions", "stop", { prompt: "Hello" }],
])("%s refuses stop sequences that are too many or too long, by name", async (path, param, rest) => {
  const { url } = await serve(says("Hello"));
  const ask = (stops: unknown) => refused(url, path, { model: "gptomni", max_tokens: 5, ...rest, [param]: stops });
  const many = await ask(Array.from({ length: 50_000 }, (_, index) => `stop ${index}`));
  expect(many.message).toMatch(new RegExp(`'${param}': array too long.*50000`));
  const long = await ask(["END", "x".repeat(200_000)]);
  expect(long.message).toMatch(new RegExp(`'${param}': string too long.*1000.*200000`));
  expect([many.status, long.status]).toEqual([400, 400]);
});

test("stop sequences that are empty or repeated count once or not at all", async () => {
  const { url } = await serve(says("one END two"));
  const body = { ...HELLO, max_tokens: 50, stop_sequences: [...Array.from({ length: 500 }, () => "END"), ""] };
  const response = await fetch(`${url}/v1/messages`, {
    method: "POST",
    headers: JSON_HEADERS,
    body: JSON.stringify(body),
  });
  expect(await response.json()).toMatchObject({
    stop_reason: "stop_sequence",
    stop_sequence: "END",
    content: [{ text: "one " }],
  });
});

const HALF = { ...HELLO, metadata: { text: "x".repeat(60_000) } };

test("bodies that are held together beyond the limit are refused until others are answered", async () => {
  const { url, post } = await serve(hangs("Hello"), { limits: { maxBodyBytes: 100_000, maxHeldBodyBytes: 100_000 } });
  const leaving = new AbortController();
  const body = JSON.stringify({ ...HALF, stream: true });
  const first = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: JSON_HEADERS,
    body,
    signal: leaving.signal,
  });
  expect(first.status).toBe(200);
  const second = await post(HALF);
  expect(second.status).toBe(503);
  expect(second.headers.get("retry-after")).toBe("5");
  expect(await second.json()).toMatchObject({ error: { code: "overloaded" } });
  // Small ones still find room.
  const small = await fetch(`${url}/v1/messages/count_tokens`, {
    method: "POST",
    headers: JSON_HEADERS,
    body: JSON.stringify(HELLO),
  });
  expect(small.status).toBe(200);
  leaving.abort();
  await expect.poll(async () => (await post({ ...HALF, messages: [] })).status).toBe(400);
});

test("bodies that are still coming count, and no longer once their client leaves", async () => {
  const { port, post } = await serve(says("Hello"), { limits: { maxBodyBytes: 100_000, maxHeldBodyBytes: 100_000 } });
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\ncontent-type: application/json\r\ncontent-length: 90000\r\n\r\n${"x".repeat(80_000)}`,
  );
  await expect.poll(async () => (await post(HALF)).status).toBe(503);
  socket.destroy();
  await expect.poll(async () => (await post(HALF)).status).toBe(200);
});
