import OpenAI from "openai";
import { expect, test } from "vitest";
import { openWorld, type World } from "../support/world.ts";

const SLOW = '@sim {"chunks":1000,"chunkDelayMs":20,"chunkText":"tick "}';

/** A long answer that is read in the background; leaves when told. */
async function listen(world: World): Promise<{ readonly pieces: () => number; leave(): void }> {
  const stream = await world.client.chat.completions.create({
    model: "gptomni",
    messages: [{ role: "user", content: SLOW }],
    stream: true,
  });
  let pieces = 0;
  void (async () => {
    for await (const chunk of stream) pieces += chunk.choices[0]?.delta.content ? 1 : 0;
  })();
  await expect.poll(() => pieces).toBeGreaterThan(0);
  return { pieces: () => pieces, leave: () => stream.controller.abort() };
}

function asleep(world: World): number {
  return world.gateway.pool.states.filter(({ state }) => state === "idle").length;
}

test("where memory is tight, idle pages close and requests are still answered; where it is full, nobody is let in", async () => {
  let share = 0.5;
  await using world = await openWorld({ accounts: ["a", "b", "c"], usedMemoryShare: () => share });
  const running = await listen(world);
  share = 0.9;
  await expect.poll(() => asleep(world)).toBe(2);
  share = 0.95;
  const refused = await world.ask("one more").catch((cause: unknown) => cause);
  expect(refused).toMatchObject({ status: 503, code: "overloaded" });
  expect((refused as InstanceType<typeof OpenAI.APIError>).headers?.get("x-should-retry")).toBe("true");
  const then = running.pieces();
  await expect.poll(running.pieces).toBeGreaterThan(then);
  running.leave();
  share = 0.9;
  await expect(world.ask("on the page that was open")).resolves.toContain("that was open");
  share = 0.5;
  await expect(world.ask("all is well")).resolves.toContain("all is well");
});
