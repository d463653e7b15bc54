import { expect, test } from "vitest";
import type { AccountStatus } from "../../src/pool/pool-status.ts";
import { until } from "../faults/until.ts";
import { openWorld, type World } from "../support/world.ts";
import { mainPidOf } from "../support/main-pid.ts";

const NAMES = ["a", "b", "c", "d"];

/** Pages that Chromium really has open at the site. */
async function openPages(world: World): Promise<number> {
  const counts = world.gateway.browsers.supervisors.map(async (host) => {
    const browser = await host.browser();
    return browser.contexts().flatMap((context) => context.pages()).length;
  });
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

function statesOf(world: World): string[] {
  return world.gateway.pool.states.map(({ state }) => state);
}

test("no more pages are open than may be, and every account still has its turn", async () => {
  await using world = await openWorld({
    accounts: NAMES,
    settings: { MAX_OPEN_SESSIONS: "2", RATE_LIMIT: "1/2s" },
    waitUntilReady: false,
  });
  await expect.poll(() => statesOf(world).filter((state) => state === "ready").length).toBe(2);
  const answers: Promise<string>[] = [];
  let mostOpen = 0;
  for (let round = 0; round < 8; round += 1) answers.push(world.ask(`round ${round}`));
  let isOver = false;
  const texts = Promise.all(answers).finally(() => (isOver = true));
  const look = async (): Promise<boolean> => {
    mostOpen = Math.max(mostOpen, await openPages(world));
    return isOver;
  };
  await Promise.all([texts, until("all are answered", look, 110_000)]);
  const expected = answers.map((_answer, round) => `You said: round ${round}`);
  expect((await texts).toSorted()).toEqual(expected.toSorted());
  expect(mostOpen).toBe(2);
  for (const name of NAMES) expect(world.simulator.posts.filter((post) => post.account === name)).toHaveLength(2);
});

test("a page that nobody uses is closed, and opened again for the next request, still signed in", async () => {
  await using world = await openWorld({ accounts: ["alice"], settings: { HIBERNATE_AFTER_SECONDS: "1" } });
  await world.ask("awake");
  await expect.poll(() => openPages(world)).toBe(0);
  expect(statesOf(world)).toEqual(["idle"]);
  expect((await fetch(`${world.gateway.url}/readyz`)).status).toBe(200);
  await expect(world.ask("again")).resolves.toBe("You said: again");
  expect(world.simulator.posts.map((post) => post.account)).toEqual(["alice", "alice"]);
});

test("a woken page does not ask first whether it is signed in; the request itself would tell", async () => {
  const settings = { HIBERNATE_AFTER_SECONDS: "1", RATE_LIMIT: "off" };
  await using world = await openWorld({ accounts: ["alice"], settings });
  await expect.poll(() => openPages(world)).toBe(0);
  const checks = world.simulator.signInChecks;
  await world.ask("awake");
  expect(world.simulator.signInChecks).toBe(checks);
  await expect.poll(() => openPages(world)).toBe(0);
  world.simulator.signOut("alice");
  await expect(world.ask("signed out meanwhile")).rejects.toMatchObject({ code: "account_signed_out" });
  await expect.poll(() => statesOf(world)).toEqual(["expired"]);
});

test("a page that was used much is changed for a new one while it serves", async () => {
  await using world = await openWorld({ accounts: ["alice"], settings: { RENEW_AFTER_REQUESTS: "20" } });
  const loads = world.simulator.pageLoads;
  for (let round = 0; world.simulator.pageLoads === loads; round += 1) {
    await expect(world.ask(`round ${round}`)).resolves.toBe(`You said: round ${round}`);
    if (round > 50) throw new Error("the page was never renewed");
  }
  await expect(world.ask("on the new page")).resolves.toBe("You said: on the new page");
  await expect.poll(() => openPages(world)).toBe(1);
  expect(world.simulator.posts.every((post) => post.status === 200 && !post.aborted)).toBe(true);
});

test("each browser holds no more accounts than it may", async () => {
  await using world = await openWorld({ accounts: NAMES, settings: { CREDENTIALS_PER_BROWSER: "3" } });
  const contexts = await Promise.all(
    world.gateway.browsers.supervisors.map(async (host) => (await host.browser()).contexts().length),
  );
  expect(contexts).toEqual([3, 1]);
});

test("many accounts over few pages need few browsers", async () => {
  const settings = { CREDENTIALS_PER_BROWSER: "1", MAX_OPEN_SESSIONS: "2" };
  await using world = await openWorld({ accounts: NAMES, settings, waitUntilReady: false });
  for (const name of NAMES) await expect(world.ask(name)).resolves.toBe(`You said: ${name}`);
  expect(world.gateway.browsers.supervisors).toHaveLength(2);
});

test("a request that comes while its account's page is being closed is answered all the same", async () => {
  const settings = { HIBERNATE_AFTER_SECONDS: "1" };
  await using world = await openWorld({ accounts: ["alice"], settings });
  const pid = (await mainPidOf(world.gateway.browsers.supervisors[0])) ?? 0;
  const { pool } = world.gateway;
  const asleep = Promise.withResolvers<void>();
  const subscription = pool.events.subscribe((event) => {
    if (event.kind !== "state" || event.to !== "idle") return;
    // Nothing came back from the browser yet, and nothing does until somebody waits.
    process.kill(pid, "SIGSTOP");
    asleep.resolve();
  });
  await asleep.promise;
  subscription[Symbol.dispose]();
  const answer = world.ask("just now");
  await expect.poll(() => pool.waiting, { interval: 1 }).toBe(1);
  process.kill(pid, "SIGCONT");
  await expect(answer).resolves.toBe("You said: just now");
});

test("a sleeping account is woken before its sign-in lapses, and sleeps on", async () => {
  const lifeMs = 15_000;
  const simulator = { sessionDays: lifeMs / 86_400_000 };
  await using world = await openWorld({ accounts: ["alice"], simulator, settings: { HIBERNATE_AFTER_SECONDS: "1" } });
  const status = (): AccountStatus | undefined => world.gateway.pool.states[0];
  const { expiresAt = 0 } = status() ?? {};
  expect(expiresAt).toBeGreaterThan(Date.now());
  // Nobody asks anything for longer than the sign-in holds.
  await expect.poll(() => status()?.expiresAt).toBeGreaterThan(expiresAt + lifeMs);
  await expect.poll(() => status()?.state).toBe("idle");
  expect(world.simulator.posts).toEqual([]);
  await expect(world.ask("still there?")).resolves.toBe("You said: still there?");
}, 150_000);
