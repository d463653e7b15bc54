import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { describe, expect, onTestFinished, test } from "vitest";
import { durationText } from "../../src/dialects/openai/rate-limit-headers.ts";
import { CombinedKeys, ConfiguredKeys, type KeyLimits } from "../../src/http/api-keys.ts";
import { GatewayError } from "../../src/errors.ts";
import { keyFolder, operatorOf } from "../support/key-store.ts";
import { hangs, HELLO, says, serve, type Answer } from "../support/scripted-gateway.ts";

interface KeyWishes {
  readonly limits?: KeyLimits;
  readonly models?: readonly string[];
}

/** A gateway, a key with these limits, and how often its site was asked. */
async function limited(wishes: KeyWishes, answer: Answer = says("Hello, you!")) {
  const opened = await (await keyFolder()).open();
  onTestFinished(() => opened[Symbol.asyncDispose]());
  let asked = 0;
  const counted: Answer = (...of) => {
    asked += 1;
    return answer(...of);
  };
  const configuredKeys = new ConfiguredKeys([]);
  const { url } = await serve(counted, {
    configuredKeys,
    storedKeys: opened.keys,
    apiKeys: new CombinedKeys([configuredKeys, opened.keys]),
  });
  const call = operatorOf(url);
  const { key, id } = (await call("POST", "/keys", { name: "anna", ...wishes })).body as unknown as Record<
    string,
    string
  >;
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const post = (path: string, body: object, init: RequestInit = {}) =>
    fetch(url + path, { method: "POST", headers, body: JSON.stringify(body), ...init });
  const remaining = async () => (await call("GET", `/keys/${id}`)).body["remaining"];
  const openai = new OpenAI({ apiKey: key, baseURL: `${url}/v1`, maxRetries: 0 });
  const anthropic = new Anthropic({ apiKey: key ?? "", baseURL: url, maxRetries: 0 });
  return { url, post, remaining, openai, anthropic, headers, asked: () => asked };
}

function rateHeaders(headers: Headers): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => name.includes("ratelimit")));
}

test("each answer tells what the key may still use, as OpenAI's does", async () => {
  const { post, remaining } = await limited({ limits: { requestsPerMinute: 2, requestsPerDay: 9 } });
  const answers = [
    await post("/v1/chat/completions", HELLO),
    await post("/v1/chat/completions", { ...HELLO, stream: true }),
  ];
  await Promise.all(answers.map((answer) => answer.text()));
  const left = answers.map(({ headers }) => rateHeaders(headers));
  expect(left[0]).toMatchObject({ "x-ratelimit-limit-requests": "2", "x-ratelimit-remaining-requests": "1" });
  expect(left[1]).toMatchObject({ "x-ratelimit-remaining-requests": "0" });
  expect(left[0]?.["x-ratelimit-reset-requests"]).toMatch(/^(?:1m0s|\d+s)$/);
  expect(await remaining()).toEqual({ requestsPerMinute: 0, requestsPerDay: 7 });
});

test("a request beyond the limit is refused in OpenAI's form, says when to come back, and never reaches the site", async () => {
  const { openai, asked, post } = await limited({ limits: { requestsPerMinute: 1 } });
  await openai.chat.completions.create(HELLO);
  const failure = await openai.chat.completions.create(HELLO).catch((cause: unknown) => cause);
  expect(failure).toBeInstanceOf(OpenAI.RateLimitError);
  expect(failure).toMatchObject({ status: 429, code: "key_rate_limit_exceeded", type: "requests" });
  const refused = await post("/v1/responses", { model: "gptomni", input: "Hi" });
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(rateHeaders(refused.headers)).toMatchObject({ "x-ratelimit-remaining-requests": "0" });
  expect(asked()).toBe(1);
});

test("Messages tells it in Anthropic's headers and errors", async () => {
  const { anthropic, post } = await limited({ limits: { requestsPerMinute: 1, tokensPerMinute: 1000 } });
  const body = { model: "gptomni", max_tokens: 99, messages: [{ role: "user" as const, content: "Hi" }] };
  const { response } = await anthropic.messages.create(body).withResponse();
  expect(rateHeaders(response.headers)).toMatchObject({
    "anthropic-ratelimit-requests-limit": "1",
    "anthropic-ratelimit-requests-remaining": "0",
    "anthropic-ratelimit-tokens-limit": "1000",
    "anthropic-ratelimit-requests-reset": expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as unknown,
  });
  expect(Object.keys(rateHeaders(response.headers)).some((name) => name.startsWith("x-"))).toBe(false);
  await expect(anthropic.messages.create(body)).rejects.toThrow(Anthropic.RateLimitError);
  expect((await post("/v1/messages", body)).headers.get("retry-after")).not.toBeNull();
});

test("tokens of prompt and answer count, whether the answer is streamed or not", async () => {
  const { openai, remaining } = await limited({ limits: { tokensPerMinute: 1000 } });
  const { usage } = await openai.chat.completions.create(HELLO);
  const used = usage?.total_tokens ?? 0;
  expect(used).toBeGreaterThan(3);
  await expect.poll(remaining).toEqual({ tokensPerMinute: 1000 - used });
  const stream = await openai.chat.completions.create({ ...HELLO, stream: true });
  for await (const _chunk of stream);
  await expect.poll(remaining).toEqual({ tokensPerMinute: 1000 - 2 * used });
});

test("a prompt with more tokens than the key may use is refused for good", async () => {
  const { post, asked } = await limited({ limits: { tokensPerMinute: 3 } });
  const refused = await post("/v1/chat/completions", {
    ...HELLO,
    messages: [{ role: "user", content: "word ".repeat(50) }],
  });
  expect([refused.status, refused.headers.get("x-should-retry")]).toEqual([413, "false"]);
  expect(await refused.json()).toMatchObject({ error: { code: "prompt_exceeds_key_limit" } });
  expect(asked()).toBe(0);
});

test("what asks no model is not counted", async () => {
  const { openai, anthropic, remaining, post } = await limited({ limits: { requestsPerMinute: 1 } });
  await openai.models.list();
  await anthropic.messages.countTokens({ model: "gptomni", messages: [{ role: "user", content: "Hi" }] });
  expect((await post("/v1/chat/completions", {})).status).toBe(400);
  expect(await remaining()).toEqual({ requestsPerMinute: 1 });
});

describe("requests at the same time", () => {
  test("have a limit, and make room when their answers end", async () => {
    const { post, remaining } = await limited({ limits: { parallel: 2 } }, hangs("Hello"));
    const stream = { ...HELLO, stream: true };
    const leaving = [new AbortController(), new AbortController()];
    const running = await Promise.all(leaving.map(({ signal }) => post("/v1/chat/completions", stream, { signal })));
    expect(running.map(({ status }) => status)).toEqual([200, 200]);
    expect((await post("/v1/chat/completions", stream)).status).toBe(429);
    expect(await remaining()).toEqual({ parallel: 0 });
    leaving[0]?.abort();
    await expect.poll(remaining).toEqual({ parallel: 1 });
    leaving[1]?.abort();
    await expect.poll(remaining).toEqual({ parallel: 2 });
  });

  test("leave no place taken, whenever clients leave", async () => {
    const { url, headers, remaining } = await limited({ limits: { parallel: 50, tokensPerDay: 1_000_000 } }, hangs());
    const leave = async (delayMs: number): Promise<void> => {
      const signal = AbortSignal.timeout(delayMs);
      const body = JSON.stringify({ ...HELLO, stream: delayMs % 2 === 0 });
      await fetch(`${url}/v1/chat/completions`, { method: "POST", headers, body, signal }).catch(() => undefined);
    };
    await Promise.all(Array.from({ length: 40 }, (_none, index) => leave(1 + index)));
    await expect.poll(remaining).toMatchObject({ parallel: 50 });
  });

  test("count an answer that fails until it has failed", async () => {
    const failure = Promise.withResolvers<never>();
    const failing: Answer = async function* () {
      yield { type: "text-delta", text: "Hel" };
      await failure.promise;
    };
    const { post, remaining } = await limited({ limits: { parallel: 1 } }, failing);
    const first = await post("/v1/chat/completions", { ...HELLO, stream: true });
    expect((await post("/v1/chat/completions", HELLO)).status).toBe(429);
    failure.reject(new GatewayError("reply_cut", "The site stopped."));
    expect(await first.text()).toContain("reply_cut");
    await expect.poll(remaining).toEqual({ parallel: 1 });
  });
});

describe("a key for some models", () => {
  test("sees and uses only these", async () => {
    const { openai, anthropic } = await limited({ models: ["org/big"] });
    expect((await openai.models.list()).data.map(({ id }) => id)).toEqual(["org/big"]);
    await expect(openai.models.retrieve("gptomni")).rejects.toMatchObject({ status: 404 });
    await expect(openai.chat.completions.create({ ...HELLO, model: "org/big" })).resolves.toBeDefined();
    const other = openai.chat.completions.create(HELLO);
    await expect(other).rejects.toMatchObject({ status: 404, code: "model_not_found", param: "model" });
    const counting = anthropic.messages.countTokens({ model: "gptomni", messages: [{ role: "user", content: "Hi" }] });
    await expect(counting).rejects.toThrow(Anthropic.NotFoundError);
  });

  test("may be asked by any name that its model serves", async () => {
    const { openai } = await limited({ models: ["gptomni"] });
    await expect(openai.chat.completions.create({ ...HELLO, model: "gpt-4o" })).resolves.toBeDefined();
  });
});

test.each([
  [0, "0ms"],
  [19.2, "20ms"],
  [1_000, "1s"],
  [59_001, "1m0s"],
  [360_000, "6m0s"],
  [86_399_000, "23h59m59s"],
])("%d ms is written as %s", (ms, text) => {
  expect(durationText(ms)).toBe(text);
});
