import { afterAll, beforeAll, expect, test } from "vitest";
import { openWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld({ accounts: ["alice"] });
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const ENDLESS = '@sim {"chunks":100000,"chunkDelayMs":20,"chunkText":"tick "}';

test("a client that leaves in mid-answer ends the site's work and frees the account within 250 ms", async () => {
  const stream = await world.client.chat.completions.create({
    model: "gptomni",
    messages: [{ role: "user", content: ENDLESS }],
    stream: true,
  });
  for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
  const leftAt = performance.now();
  const post = await world.simulator.waitForAbort((one) => one.prompt === ENDLESS, 5_000);
  await world.untilReady();
  expect(performance.now() - leftAt).toBeLessThan(250);
  expect(post.aborted).toBe(true);
  await expect(world.ask("still there?")).resolves.toContain("still there?");
});

test("a client that leaves before the first byte ends the site's work", async () => {
  const prompt = '@sim {"delayMs":60000}';
  const controller = new AbortController();
  const answer = world.ask(prompt, { signal: controller.signal });
  await world.simulator.waitForPost((one) => one.prompt === prompt, 5_000);
  controller.abort();
  await expect(answer).rejects.toThrow(/abort/i);
  await world.simulator.waitForAbort((one) => one.prompt === prompt, 5_000);
  await world.untilReady();
});

test("a client that leaves the queue is never sent to the site", async () => {
  const controller = new AbortController();
  const blocker = await world.client.chat.completions.create({
    model: "gptomni",
    messages: [{ role: "user", content: ENDLESS }],
    stream: true,
  });
  const waiting = world.ask("nobody waits for me", { signal: controller.signal });
  await expect.poll(() => world.gateway.pool.waiting).toBe(1);
  controller.abort();
  await expect(waiting).rejects.toThrow(/abort/i);
  await expect.poll(() => world.gateway.pool.waiting).toBe(0);
  blocker.controller.abort();
  await world.untilReady();
  expect(world.simulator.posts.some((post) => post.prompt === "nobody waits for me")).toBe(false);
});
