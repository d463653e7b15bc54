import { afterAll, beforeAll, expect, test } from "vitest";
import { ADMIN_KEY } from "../support/api-key.ts";
import { LiveViewer } from "../support/live-viewer.ts";
import { openSignIn, signInByHand } from "../support/sign-in-by-hand.ts";
import { openWorld, type World } from "../support/world.ts";

const PASSWORD = "correct horse, 电池 staple";
let world: World;

beforeAll(async () => {
  world = await openWorld({ accounts: ["alice"] });
  world.simulator.signIn.add("dora", PASSWORD);
});
afterAll(() => world?.[Symbol.asyncDispose]());

test("an account is added by signing in by hand, and it answers, after a restart too", async () => {
  using viewer = await openSignIn(world.gateway.url, { id: "dora" });
  expect(viewer.messages[0]).toMatchObject({ type: "hello", account: null, role: "controller" });
  await signInByHand(viewer, "dora", PASSWORD);
  expect(await viewer.until("ended")).toMatchObject({ reason: "solved", account: "dora" });
  await world.gateway.pool.operator.disable("alice");
  await expect.poll(() => world.gateway.pool.states.find(({ id }) => id === "dora")?.state).toBe("ready");
  expect(await world.ask("one")).toBe("You said: one");
  const rows = await fetch(`${world.gateway.url}/admin/api/accounts`, {
    headers: { authorization: `Bearer ${ADMIN_KEY}` },
  });
  const { data } = (await rows.json()) as { data: { id: string; source: string }[] };
  expect(data.find(({ id }) => id === "dora")).toMatchObject({ source: "console" });
  await world.restart();
  await expect.poll(() => world.gateway.pool.states.find(({ id }) => id === "dora")?.state).toBe("ready");
  expect(await world.ask("two")).toBe("You said: two");
  expect(world.simulator.posts.map(({ account }) => account)).toEqual(["dora", "dora"]);
});

test("a wrong password adds nothing, and the operator is told why", async () => {
  using viewer = await openSignIn(world.gateway.url, { id: "eve" });
  await signInByHand(viewer, "eve", "wrong");
  await viewer.until("tabs", ({ tabs }) => tabs[0]?.title === "Wrong name or password");
  viewer.send({ type: "done" });
  expect(await viewer.until("checked")).toMatchObject({ isSolved: false, code: "account_signed_out" });
  await viewer.until("phase", ({ phase }) => phase === "open");
  viewer.send({ type: "leave" });
  await expect.poll(() => viewer.closed?.code).toBe(1000);
  expect(world.gateway.pool.states.map(({ id }) => id)).not.toContain("eve");
});

test("an account that the site signed out is signed in again by hand, and serves again", async () => {
  const { pool, url } = world.gateway;
  const stateOf = (): string | undefined => pool.states.find(({ id }) => id === "dora")?.state;
  world.simulator.signOut("dora");
  pool.operator.recheck("dora");
  await expect.poll(stateOf).toBe("expired");
  using viewer = await LiveViewer.open(url, "accounts/dora/live-view");
  await viewer.untilOpen();
  await viewer.until("tabs", ({ tabs }) => tabs[0]?.title === "Sign in");
  await signInByHand(viewer, "dora", PASSWORD);
  expect(await viewer.until("ended")).toMatchObject({ reason: "solved", account: "dora", state: "ready" });
  expect(await world.ask("three")).toBe("You said: three");
});

test("nothing that a person typed is in the log, and no ticket", () => {
  const log = world.logged.join("");
  expect(log).toContain("live_view_started");
  expect(log).not.toContain("correct horse");
  expect(log).not.toContain("ticket=");
});
