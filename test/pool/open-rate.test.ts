import { setImmediate } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { ASLEEP } from "../../src/pool/account.ts";
import { openWorld, type World } from "../support/world.ts";
import { mainPidOf } from "../support/main-pid.ts";

const WAIT = { timeout: 30_000, interval: 20 };
const TEN = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];

function opened({ logged }: World): string[] {
  return logged
    .filter((line) => line.includes('"session open"'))
    .map((line) => (JSON.parse(line) as { account: string }).account);
}

test("ten accounts open four pages at once, and the others when their turn comes", async () => {
  await using world = await openWorld({
    accounts: TEN,
    waitUntilReady: false,
    settings: { OPEN_RATE: "1/24h", MAX_OPEN_SESSIONS: "10" },
  });
  await vi.waitFor(() => expect(opened(world)).toHaveLength(4), WAIT);
  // More requests than pages: they are served by the four, and by nobody else.
  await Promise.all(TEN.map((prompt) => world.ask(prompt)));
  expect(new Set(world.simulator.posts.map(({ account }) => account)).size).toBe(4);
  expect(world.simulator.pageLoads).toBe(4);
});

test("the page that a request waits for opens before those that nobody waits for", async () => {
  await using world = await openWorld({
    accounts: TEN,
    waitUntilReady: false,
    settings: { OPEN_RATE: "1/6s", MAX_OPEN_SESSIONS: "10", HIBERNATE_AFTER_SECONDS: "1" },
  });
  const { gateway } = world;
  await vi.waitFor(() => expect(opened(world).length).toBeGreaterThanOrEqual(4), WAIT);
  for (let round = 0; ; round += 1) {
    await vi.waitFor(() => {
      const asleep = gateway.pool.states.filter(({ reason }) => reason === ASLEEP).map(({ id }) => id);
      expect(new Set(asleep)).toEqual(new Set(opened(world)));
    }, WAIT);
    const progress = { isDone: false };
    const asking = world.ask(`round ${round}`).finally(() => (progress.isDone = true));
    while (gateway.pool.waiting === 0 && !progress.isDone) await setImmediate();
    const isQuiet = gateway.pool.waiting === 1 && gateway.pool.states.every(({ state }) => state !== "opening");
    const [known, lines] = [opened(world), world.logged.length];
    await asking;
    // Otherwise a page opened already when the request came: that says nothing about the order.
    if (!isQuiet) continue;
    expect(known.length).toBeLessThan(10);
    const account = world.simulator.posts.at(-1)?.account;
    expect(known).toContain(account);
    expect(world.logged.slice(lines).find((line) => line.includes('"state":"opening"'))).toContain(
      `"account":"${account}"`,
    );
    return;
  }
});

test("with OPEN_RATE=off all pages open without a pause", async () => {
  await using world = await openWorld({ accounts: TEN, settings: { OPEN_RATE: "off", MAX_OPEN_SESSIONS: "10" } });
  expect(world.simulator.pageLoads).toBe(10);
});

test("after a browser died, its accounts' pages are opened at the same rate", async () => {
  await using world = await openWorld({
    accounts: TEN.slice(0, 4),
    settings: { OPEN_RATE: "1/24h", MAX_OPEN_SESSIONS: "4" },
  });
  const pid = await mainPidOf(world.gateway.browsers.supervisors[0]);
  process.kill(pid ?? 0, "SIGKILL");
  await vi.waitFor(() => {
    expect(world.logged.join("")).toContain("chromium is gone");
    const states = world.gateway.pool.states.map(({ state }) => state);
    expect(states).not.toContain("ready");
  }, WAIT);
  const request = world.ask("hello", { signal: AbortSignal.timeout(2_000) });
  await expect(request).rejects.toThrow("aborted");
  expect(world.simulator.pageLoads).toBe(4);
});
