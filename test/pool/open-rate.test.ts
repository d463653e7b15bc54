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
  // The first four sleep again; whoever had a turn since does so, too.
  const known = await vi.waitFor(() => {
    const names = opened(world);
    const asleep = gateway.pool.states.filter(({ reason }) => reason === ASLEEP).map(({ id }) => id);
    expect(names.length).toBeGreaterThanOrEqual(4);
    expect(new Set(asleep)).toEqual(new Set(names));
    return names;
  }, WAIT);
  expect(known.length).toBeLessThan(10);
  await world.ask("hello");
  expect(known).toContain(world.simulator.posts[0]?.account);
  expect(new Set(opened(world))).toEqual(new Set(known));
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
