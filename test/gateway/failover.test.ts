import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openWorld, type World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld({ settings: { IDLE_TIMEOUT_SECONDS: "3" } });
});
beforeEach(async () => {
  await expect.poll(() => world.gateway.pool.states.every(({ state }) => state === "ready")).toBe(true);
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

async function askRaw(prompt: string, of = world): Promise<Response> {
  return of.post("/v1/chat/completions", { model: "gptomni", messages: [{ role: "user", content: prompt }] });
}

describe("while nothing was sent to the client, another account answers when one", () => {
  test.each([
    ["is signed out", { status: 401 }],
    ["is told to slow down", { status: 429, retryAfter: "1" }],
    ["meets a failing site", { status: 500 }],
    ["gets nothing", { empty: true }],
    ["is cut off", { resetBeforeHeaders: true }],
  ])("%s", async (_name, fault) => {
    world.simulator.failNext(fault);
    const asked = world.simulator.posts.length;
    const response = await askRaw("are you there?");
    expect(response.status).toBe(200);
    expect(response.headers.get("x-gateway-attempts")).toBe("2");
    const accounts = world.simulator.posts.slice(asked).map((post) => post.account);
    expect(new Set(accounts)).toEqual(new Set(["alice", "bob"]));
    expect(response.headers.get("x-gateway-account")).toBe(accounts.at(-1));
    expect(await response.text()).toContain("You said: are you there?");
  });
});

test.each([
  ["no first byte", { firstByteDelayMs: 60_000 }],
  ["no headers", { delayMs: 60_000 }],
  ["word from a proxy that waited in vain", { status: 504 }],
  ["word from Cloudflare that it waited in vain", { status: 524 }],
])("a prompt that gets %s is asked once, since the site may still work on it", async (_name, fault) => {
  await using hasty = await openWorld({ settings: { FIRST_BYTE_TIMEOUT_SECONDS: "1" } });
  hasty.simulator.failNext(fault);
  const response = await askRaw("think about it", hasty);
  expect([response.status, response.headers.get("x-gateway-attempts")]).toEqual([504, "1"]);
  expect(response.headers.get("x-should-retry")).toBe("false");
  expect(await response.json()).toMatchObject({ error: { code: "site_timeout" } });
  expect(hasty.simulator.posts).toHaveLength(1);
});

test("when all accounts fail alike, the client gets that failure", async () => {
  world.simulator.failNext({ status: 500 }, { times: 2 });
  const response = await askRaw("anybody?");
  expect(response.status).toBe(502);
  expect(response.headers.get("x-gateway-attempts")).toBe("2");
  expect(await response.json()).toMatchObject({ error: { code: "site_failed", type: "server_error" } });
});

test("after the first piece was sent, no other account is asked", async () => {
  const asked = world.simulator.posts.length;
  const response = await world.post("/v1/chat/completions", {
    model: "gptomni",
    stream: true,
    messages: [{ role: "user", content: '@sim {"chunks":3,"stallAfterChunks":1,"chunkText":"half "}' }],
  });
  const text = await response.text();
  expect(text).toContain('"content":"half "');
  expect(text).toContain('"code":"site_timeout"');
  expect(text).not.toContain("[DONE]");
  expect(world.simulator.posts.length).toBe(asked + 1);
});

test("accounts take turns", async () => {
  const asked = world.simulator.posts.length;
  for (let round = 0; round < 6; round += 1) {
    await askRaw(`round ${round}`).then((response) => response.text());
    await expect.poll(() => world.gateway.pool.states.every(({ state }) => state === "ready")).toBe(true);
  }
  const accounts = world.simulator.posts.slice(asked).map((post) => post.account);
  expect(accounts.filter((name) => name === "alice")).toHaveLength(3);
  const repeated = accounts.filter((name, index) => name === accounts[index - 1]);
  expect(repeated).toEqual([]);
});
