import OpenAI from "openai";
import { expect, test } from "vitest";
import { occupy, question, STALLED } from "../support/occupy.ts";
import { openWorld, type World } from "../support/world.ts";

const KEYS = { anna: "sk-annas-0123456789abcdef", ben: "sk-bens-fedcba9876543210" };
const API_KEYS = Object.entries(KEYS)
  .map(([name, key]) => `${name}=${key}`)
  .join(" ");

/** Asks with somebody's key. */
function askWith(world: World, name: keyof typeof KEYS, content: string, rest: object = {}): Promise<Response> {
  const headers = { authorization: `Bearer ${KEYS[name]}`, "content-type": "application/json" };
  return world.post("/v1/chat/completions", { ...question(content), ...rest }, { headers });
}

test("a key that fills the queue loses its own newest request when another key asks", async () => {
  await using world = await openWorld({ accounts: ["alice"], settings: { API_KEYS, QUEUE_LIMIT: "4" } });
  const release = await occupy(world);
  const annas: Promise<Response>[] = [];
  for (const [index, stream] of [false, true, false, true].entries()) {
    annas.push(askWith(world, "anna", `anna ${index + 1}`, { stream }));
    await expect.poll(() => world.gateway.pool.waiting).toBe(index + 1);
  }
  expect((await askWith(world, "anna", "anna 5")).status).toBe(429);
  const bens: Promise<Response>[] = [];
  // The second of them turns away the third of anna's, so that each has two; the third is ben's own loss.
  for (const [index, stream] of [true, false].entries()) {
    bens.push(askWith(world, "ben", `ben ${index + 1}`, { stream }));
    const turnedAway = await annas[3 - index];
    expect([turnedAway?.status, turnedAway?.headers.get("x-should-retry")]).toEqual([429, "true"]);
    expect(turnedAway?.headers.get("content-type")).toBe("application/json");
    expect(Number(turnedAway?.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(await turnedAway?.json()).toMatchObject({ error: { code: "rate_limit_exceeded", type: "requests" } });
    expect(world.gateway.pool.waiting).toBe(4);
  }
  expect((await askWith(world, "ben", "ben 3")).status).toBe(429);
  release();
  for (const answer of await Promise.all([...annas.slice(0, 2), ...bens])) expect(answer.status).toBe(200);
  const prompts = world.simulator.posts.map(({ prompt }) => prompt);
  expect(prompts).toEqual([STALLED, "anna 1", "ben 1", "anna 2", "ben 2"]);
});

test("a request that is turned away for another key's is answered when it comes again as told", async () => {
  const settings = { API_KEYS, QUEUE_LIMIT: "2", RATE_LIMIT: "1/1s" };
  await using world = await openWorld({ accounts: ["alice"], settings });
  await world.ask("first");
  const anna = askWith(world, "anna", "anna 1");
  await expect.poll(() => world.gateway.pool.waiting).toBe(1);
  const refusals: number[] = [];
  const client = new OpenAI({
    apiKey: KEYS.anna,
    baseURL: `${world.gateway.url}/v1`,
    maxRetries: 1,
    fetch: async (...request) => {
      const response = await fetch(...request);
      if (!response.ok) refusals.push(response.status);
      return response;
    },
  });
  const messages = [{ role: "user" as const, content: "anna 2" }];
  const turnedAway = client.chat.completions.create({ model: "gptomni", messages });
  await expect.poll(() => world.gateway.pool.waiting).toBe(2);
  const ben = askWith(world, "ben", "ben 1");
  expect((await turnedAway).choices[0]?.message.content).toBe("You said: anna 2");
  expect(refusals).toEqual([429]);
  for (const answer of [await anna, await ben]) expect(answer.status).toBe(200);
  expect(world.simulator.posts.map(({ prompt }) => prompt)).toEqual(["first", "anna 1", "ben 1", "anna 2"]);
});

test("requests whose streams are open keep their place, and another key gets its share all the same", async () => {
  await using world = await openWorld({ accounts: ["alice"], settings: { API_KEYS, QUEUE_LIMIT: "4" } });
  const release = await occupy(world);
  const annas = [1, 2, 3, 4].map((number) => askWith(world, "anna", `anna ${number}`, { stream: true }));
  // They open with a first keep-alive, while they wait.
  for (const response of await Promise.all(annas)) {
    expect(response.status).toBe(200);
    expect(response.headers.get("x-gateway-queue-position")).toMatch(/^[1-4]$/);
  }
  const bens = [askWith(world, "ben", "ben 1")];
  await expect.poll(() => world.gateway.pool.waiting).toBe(5);
  bens.push(askWith(world, "ben", "ben 2"));
  await expect.poll(() => world.gateway.pool.waiting).toBe(6);
  for (const name of ["anna", "ben"] as const) expect((await askWith(world, name, "no room")).status).toBe(429);
  release();
  const texts = await Promise.all([...annas, ...bens].map(async (answer) => (await answer).text()));
  for (const text of texts) expect(text).toContain('"finish_reason":"stop"');
  expect(world.simulator.posts).toHaveLength(7);
}, 60_000);

test("a key with many requests does not keep another's from their turn", async () => {
  await using world = await openWorld({ accounts: ["alice"], settings: { API_KEYS } });
  const release = await occupy(world);
  const answers: Promise<Response>[] = [];
  const ask = async (name: keyof typeof KEYS, content: string): Promise<void> => {
    answers.push(askWith(world, name, content));
    await expect.poll(() => world.gateway.pool.waiting).toBe(answers.length);
  };
  for (const content of ["anna 1", "anna 2", "anna 3"]) await ask("anna", content);
  for (const content of ["ben 1", "ben 2"]) await ask("ben", content);
  release();
  for (const answer of await Promise.all(answers)) expect(answer.status).toBe(200);
  const prompts = world.simulator.posts.map(({ prompt }) => prompt);
  expect(prompts).toEqual([STALLED, "anna 1", "ben 1", "anna 2", "ben 2", "anna 3"]);
  const logged = world.logged.join("");
  for (const name of ["master", "anna", "ben"]) expect(logged).toContain(`"key":"${name}"`);
  for (const key of Object.values(KEYS)) expect(logged).not.toContain(key);
});
