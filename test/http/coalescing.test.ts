import { afterAll, beforeAll, expect, test } from "vitest";
import { openWorld, type World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const SLOW = '@sim {"chunks":10,"chunkDelayMs":50,"chunkText":"tick "}';

function ask(note: string, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> {
  const content = `${note}\n${SLOW}`;
  const body = { model: "gptomni", stream: true, messages: [{ role: "user", content }] };
  const init = {
    headers: { authorization: `Bearer ${world.client.apiKey}`, "content-type": "application/json", ...headers },
  };
  return world.post("/v1/chat/completions", body, signal ? { ...init, signal } : init);
}

function askedAs(note: string): number {
  return world.simulator.posts.filter((post) => post.prompt.startsWith(note)).length;
}

async function textOf(response: Response): Promise<string> {
  const frames = (await response.text()).matchAll(/"content":"([^"]*)"/g);
  return [...frames].map(([, text]) => text).join("");
}

test("a retry of a request that is still running joins it, from the beginning", async () => {
  const first = await ask("joined");
  await world.simulator.waitForPost((post) => post.prompt.startsWith("joined") && post.bytesSent > 10, 30_000);
  const second = await ask("joined", { "x-stainless-retry-count": "1" });
  expect(await Promise.all([textOf(first), textOf(second)])).toEqual(["tick ".repeat(10), "tick ".repeat(10)]);
  expect(askedAs("joined")).toBe(1);
});

test("the answer goes on for the retry when the first client has left", async () => {
  const leaving = new AbortController();
  const first = await ask("left", {}, leaving.signal);
  const outcome = first.text().catch(() => "left");
  await world.simulator.waitForPost((post) => post.prompt.startsWith("left") && post.bytesSent > 10, 30_000);
  const second = await ask("left", { "x-stainless-retry-count": "1" });
  leaving.abort();
  expect(await textOf(second)).toBe("tick ".repeat(10));
  expect(await outcome).toBe("left");
  expect(askedAs("left")).toBe(1);
  expect(world.simulator.posts.some((post) => post.prompt.startsWith("left") && post.aborted)).toBe(false);
});

test("the same idempotency key joins too, and another one does not", async () => {
  const [first, second] = [
    await ask("keyed", { "idempotency-key": "a" }),
    await ask("keyed", { "idempotency-key": "a" }),
  ];
  expect(await Promise.all([textOf(first), textOf(second)])).toEqual(["tick ".repeat(10), "tick ".repeat(10)]);
  expect(askedAs("keyed")).toBe(1);
  await ask("keyed", { "idempotency-key": "b" }).then(textOf);
  expect(askedAs("keyed")).toBe(2);
});

test("two requests that only look alike are two", async () => {
  await Promise.all([ask("alike").then(textOf), ask("alike").then(textOf)]);
  expect(askedAs("alike")).toBe(2);
});

test("a retry of what is over asks again", async () => {
  await ask("over").then(textOf);
  await ask("over", { "x-stainless-retry-count": "1" }).then(textOf);
  expect(askedAs("over")).toBe(2);
});
