import { afterAll, beforeAll, expect, test } from "vitest";
import { CLICK_AT } from "../../src/simulator/challenge.ts";
import { LiveViewer } from "../support/live-viewer.ts";
import { openWorld, type World } from "../support/world.ts";

const PATH = "accounts/alice/live-view";
let world: World;

beforeAll(async () => {
  world = await openWorld({ accounts: ["alice", "bob"], settings: { CHALLENGE_TIMEOUT_SECONDS: "1" } });
});
afterAll(() => world?.[Symbol.asyncDispose]());

function stateOf(id: string): string | undefined {
  return world.gateway.pool.states.find((one) => one.id === id)?.state;
}

test("an operator sees an account's page while no prompt runs on it, and hands it back by leaving", async () => {
  using viewer = await LiveViewer.open(world.gateway.url, PATH);
  await viewer.untilOpen();
  expect(stateOf("alice")).toBe("taken_over");
  expect(viewer.messages[0]).toMatchObject({ type: "hello", account: "alice", role: "controller" });
  await viewer.until("tabs", ({ tabs }) => tabs[0]?.title === "Simulated chat site");
  const [frame] = viewer.frames;
  // https://www.w3.org/Graphics/JPEG/itu-t81.pdf, table B.1: start of image
  expect([...(frame?.jpeg.subarray(0, 2) ?? [])]).toEqual([0xff, 0xd8]);
  expect(frame?.width).toBeGreaterThan(300);
  await world.ask("one");
  await world.ask("two");
  expect(new Set(world.simulator.posts.map(({ account }) => account))).toEqual(new Set(["bob"]));
  viewer.send({ type: "leave" });
  await expect.poll(() => viewer.closed?.code).toBe(1000);
  await expect.poll(() => stateOf("alice")).toBe("ready");
});

test("a challenge that wants a real click is solved by hand, and the account serves again", async () => {
  world.simulator.challengeAll({ needsClick: true }, "alice");
  world.gateway.pool.operator.recheck("alice");
  await expect.poll(() => stateOf("alice")).toBe("needs_attention");
  using viewer = await LiveViewer.open(world.gateway.url, PATH);
  await viewer.untilOpen();
  await viewer.until("tabs", ({ tabs }) => tabs[0]?.title === "Just a moment...");
  viewer.click(CLICK_AT);
  const ended = await viewer.until("ended");
  expect(ended).toMatchObject({ reason: "solved", account: "alice", state: "ready" });
  expect(viewer.last("checked")).toMatchObject({ isSolved: true, code: null });
  await world.gateway.pool.operator.disable("bob");
  expect(await world.ask("solved?")).toBe("You said: solved?");
  world.gateway.pool.operator.enable("bob");
});
