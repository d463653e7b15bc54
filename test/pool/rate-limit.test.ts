import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { expect, test } from "vitest";
import { ADMIN_KEY, API_KEY } from "../support/api-key.ts";
import { occupy, question, STALLED } from "../support/occupy.ts";
import { openWorld } from "../support/world.ts";

test("an account is asked as often as its pace allows at once, and no more", async () => {
  const settings = { RATE_LIMIT: "2/10m", QUEUE_TIMEOUT_SECONDS: "900" };
  await using world = await openWorld({ accounts: ["alice"], settings });
  const leaving = new AbortController();
  const { signal } = leaving;
  const answers: string[] = [];
  const asked = ["1", "2", "3", "4"].map((number) =>
    world.ask(number, { signal }).then(
      (answer) => void answers.push(answer),
      () => {},
    ),
  );
  await expect.poll(() => answers.length).toBe(2);
  await expect.poll(() => world.gateway.pool.waiting).toBe(2);
  leaving.abort();
  await Promise.all(asked);
  expect(answers.toSorted()).toEqual(["You said: 1", "You said: 2"]);
  await expect.poll(() => world.gateway.pool.waiting).toBe(0);
  expect(world.simulator.posts).toHaveLength(2);
});

test("while one account waits for its rate limit, the other answers at once", async () => {
  await using world = await openWorld({ settings: { RATE_LIMIT: "1/1h", QUEUE_TIMEOUT_SECONDS: "60" } });
  // Who waited for one account's next turn would wait for an hour.
  await Promise.all([world.ask("first"), world.ask("second")]);
  expect(world.simulator.posts).toHaveLength(2);
  expect(new Set(world.simulator.posts.map(({ account }) => account))).toEqual(new Set(["alice", "bob"]));
  await expect
    .poll(() => world.gateway.pool.states.map(({ state }) => state))
    .toEqual(["rate_limited", "rate_limited"]);
  for (const { nextTryAt } of world.gateway.pool.states) expect(nextTryAt).toBeGreaterThan(Date.now() + 3_500_000);
  expect(await (await fetch(`${world.gateway.url}/readyz`)).json()).toMatchObject({ status: "ready" });
  // Both would rest for longer than anybody may wait: said at once, with the time.
  const refused = await world.ask("third").catch((cause: unknown) => cause);
  expect(refused).toMatchObject({ status: 429, code: "rate_limit_exceeded" });
  const headers = (refused as InstanceType<typeof OpenAI.APIError>).headers;
  expect(Number(headers?.get("retry-after"))).toBeGreaterThan(3_500);
  expect(Number(headers?.get("x-gateway-estimated-wait-ms"))).toBeGreaterThan(3_560_000);
  expect(headers?.get("x-should-retry")).toBe("false");
});

test("who finds the queue full is told so and when to come back; who waits is served in turn", async () => {
  await using world = await openWorld({ accounts: ["alice"], settings: { QUEUE_LIMIT: "2" } });
  const release = await occupy(world);
  const first = world.ask("first in line");
  await expect.poll(() => world.gateway.pool.waiting).toBe(1);
  const second = world.ask("second in line");
  await expect.poll(() => world.gateway.pool.waiting).toBe(2);
  const refused = await world.ask("no room").catch((cause: unknown) => cause);
  expect(refused).toBeInstanceOf(OpenAI.RateLimitError);
  expect(refused).toMatchObject({ status: 429, code: "rate_limit_exceeded", type: "requests" });
  const { headers, message } = refused as InstanceType<typeof OpenAI.APIError>;
  expect(Number(headers?.get("retry-after"))).toBeGreaterThanOrEqual(1);
  expect(headers?.get("x-should-retry")).toBe("true");
  expect(message).toMatch(/Please try again in \d+s\.$/);
  release();
  await expect(Promise.all([first, second])).resolves.toHaveLength(2);
  expect(world.simulator.posts.map((post) => post.prompt)).toEqual([STALLED, "first in line", "second in line"]);
});

test("where no request may wait, idle accounts answer all the same", async () => {
  await using world = await openWorld({ settings: { QUEUE_LIMIT: "0" } });
  await expect(Promise.all([world.ask("one"), world.ask("two")])).resolves.toHaveLength(2);
  await world.untilReady();
  const release = [await occupy(world), await occupy(world)];
  await expect(world.ask("no room")).rejects.toMatchObject({ status: 429, code: "rate_limit_exceeded" });
  for (const end of release) end();
});

test("where no request may wait, a sleeping account is woken", async () => {
  const settings = { QUEUE_LIMIT: "0", HIBERNATE_AFTER_SECONDS: "1" };
  await using world = await openWorld({ accounts: ["alice"], settings });
  await expect.poll(() => world.gateway.pool.states[0]?.state).toBe("idle");
  await expect(world.ask("wake up")).resolves.toBe("You said: wake up");
});

test("a request that waits too long is refused, and was never sent to the site", async () => {
  await using world = await openWorld({ accounts: ["alice"], settings: { QUEUE_TIMEOUT_SECONDS: "1" } });
  const release = await occupy(world);
  const refused = await world.ask("too late").catch((cause: unknown) => cause);
  expect(refused).toMatchObject({ status: 503, code: "queue_timeout" });
  const { headers, message } = refused as InstanceType<typeof OpenAI.APIError>;
  expect(message).toContain("the request was number 1 of 1 that wait");
  const queuedMs = Number(headers?.get("x-gateway-queued-ms"));
  expect(queuedMs).toBeGreaterThanOrEqual(1_000);
  await expect.poll(() => world.logged.join("")).toContain(`"queuedMs":${queuedMs}`);
  release();
  await world.untilReady();
  expect(world.simulator.posts).toHaveLength(1);
});

test("an account that stands still holds up nobody else's answer", async () => {
  await using world = await openWorld();
  const release = await occupy(world);
  for (const number of ["1", "2", "3"]) await expect(world.ask(number)).resolves.toBe(`You said: ${number}`);
  release();
});

test("what the gateway refuses or answers by itself is never sent to the site", async () => {
  const settings = { MAX_PROMPT_CHARACTERS: "1000", BACKGROUND: "local" };
  await using world = await openWorld({ accounts: ["alice"], settings });
  await expect(world.ask("x".repeat(1_001))).rejects.toMatchObject({ status: 400, code: "context_length_exceeded" });
  const title = "Please write a 5-10 word title for the following conversation:\n\nUser: Fix the login bug";
  await expect(world.ask(title)).resolves.toBe("Fix the login bug");
  await expect(world.ask("x".repeat(1_000))).resolves.toContain("You said: x");
  expect(world.simulator.posts).toHaveLength(1);
});

test("once the gateway is to stop, each answer is the last on its connection", async () => {
  await using world = await openWorld({ accounts: ["alice"] });
  const before = await world.post("/v1/chat/completions", question("before"));
  expect(before.headers.get("connection")).toBe("keep-alive");
  await before.text();
  const release = await occupy(world);
  const waiting = world.post("/v1/chat/completions", question("waits"));
  await expect.poll(() => world.gateway.pool.waiting).toBe(1);
  const drained = world.gateway.drain();
  for (const refused of [await waiting, await world.post("/v1/chat/completions", question("too late"))]) {
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ error: { code: "server_shutting_down" } });
    expect(refused.headers.get("connection")).toBe("close");
  }
  release();
  await drained;
});

test("three agents that ask at once, two turns each, all get through with the rate limit of one account", async () => {
  await using world = await openWorld({ accounts: ["alice"], settings: { RATE_LIMIT: "2/500ms" } });
  const agent = async (name: string): Promise<string[]> => {
    const texts: string[] = [];
    for (const turn of ["1", "2"]) {
      const messages = [{ role: "user" as const, content: `${name} ${turn}` }];
      const stream = await world.client.chat.completions.create({ model: "gptomni", messages, stream: true });
      let text = "";
      for await (const { choices } of stream) text += choices[0]?.delta.content ?? "";
      texts.push(text);
    }
    return texts;
  };
  const names = ["first", "second", "third"];
  const answers = await Promise.all(names.map((name) => agent(name)));
  expect(answers).toEqual(names.map((name) => [`You said: ${name} 1`, `You said: ${name} 2`]));
});

/** The pace lets one request through now, and none that comes soon within the second that it may wait. */
const TIGHT = { RATE_LIMIT: "1/50s", QUEUE_TIMEOUT_SECONDS: "1" };

test("a stream that could not be served in its time is refused by status, with the time at which it can", async () => {
  await using world = await openWorld({ accounts: ["alice"], settings: TIGHT });
  await world.ask("first");
  for (const stream of [true, false]) {
    const refused = await world.post("/v1/chat/completions", { ...question("too soon"), stream });
    expect([refused.status, refused.headers.get("content-type")]).toEqual([429, "application/json"]);
    expect(await refused.json()).toMatchObject({ error: { code: "rate_limit_exceeded" } });
    expect(refused.headers.get("x-should-retry")).toBe("true");
    const [waitMs, afterMs] = ["x-gateway-estimated-wait-ms", "retry-after-ms"].map((name) =>
      Number(refused.headers.get(name)),
    );
    expect(waitMs).toBeGreaterThan(1_000);
    expect(waitMs).toBeLessThanOrEqual(50_100);
    expect(afterMs).toBeLessThanOrEqual((waitMs ?? 0) + 60);
  }
  const patient = new Anthropic({ apiKey: API_KEY, baseURL: world.gateway.url, maxRetries: 0 });
  const messages = [{ role: "user" as const, content: "too soon" }];
  const refused = await patient.messages.create({ model: "gptomni", max_tokens: 9, messages }).catch((cause) => cause);
  expect(refused).toBeInstanceOf(Anthropic.RateLimitError);
  expect(world.simulator.posts).toHaveLength(1);
});

test("an SDK that is refused comes again when it is told to, and is answered", async () => {
  const settings = { RATE_LIMIT: "1/2s", QUEUE_TIMEOUT_SECONDS: "1" };
  await using world = await openWorld({ accounts: ["alice"], settings });
  const options = { apiKey: API_KEY, baseURL: `${world.gateway.url}/v1`, maxRetries: 1 };
  const messages = [{ role: "user" as const, content: "OpenAI" }];
  const anthropic = new Anthropic({ ...options, baseURL: world.gateway.url });
  await world.ask("first");
  const completion = await new OpenAI(options).chat.completions.create({ model: "gptomni", messages });
  expect(completion.choices[0]?.message.content).toBe("You said: OpenAI");
  const message = await anthropic.messages.create({ model: "gptomni", max_tokens: 100, messages });
  expect(message.content[0]).toMatchObject({ text: "You said: OpenAI" });
});

test("the operator sees how many wait, and how long one who comes now would", async () => {
  await using world = await openWorld({
    accounts: ["alice"],
    settings: { RATE_LIMIT: "1/1h", QUEUE_TIMEOUT_SECONDS: "3600" },
  });
  const queue = async (): Promise<{ length: number; estimatedWaitMs: number }> => {
    const headers = { authorization: `Bearer ${ADMIN_KEY}` };
    const response = await fetch(`${world.gateway.url}/admin/api/accounts`, { headers });
    return ((await response.json()) as { queue: { length: number; estimatedWaitMs: number } }).queue;
  };
  expect(await queue()).toEqual({ length: 0, estimatedWaitMs: 0 });
  await world.ask("first");
  await expect.poll(async () => (await queue()).estimatedWaitMs).toBeGreaterThan(3_500_000);
  const metrics = await fetch(`${world.gateway.url}/metrics`, { headers: { authorization: `Bearer ${ADMIN_KEY}` } });
  expect(Number(/^gateway_estimated_wait_seconds (\S+)$/m.exec(await metrics.text())?.[1])).toBeGreaterThan(3_500);
});
