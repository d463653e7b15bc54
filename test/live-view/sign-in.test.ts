import { afterAll, beforeAll, expect, test } from "vitest";
import type { Tab } from "../../src/live-view/wire.ts";
import { SIGN_IN_AT } from "../../src/simulator/sign-in.ts";
import { ADMIN_KEY } from "../support/api-key.ts";
import { LiveViewer } from "../support/live-viewer.ts";
import { openWorld, type World } from "../support/world.ts";

const PATH = "live-view/sign-in";
const PASSWORD = "correct horse, 电池 staple";
let world: World;

beforeAll(async () => {
  world = await openWorld({ accounts: ["alice"] });
  world.simulator.signIn.add("dora", PASSWORD);
});
afterAll(() => world?.[Symbol.asyncDispose]());

function isConfirm({ title, isPopup }: Tab): boolean {
  return isPopup && title === "Confirm";
}

/** Fills in the form and passes the pop-up. */
async function signIn(viewer: LiveViewer, name: string, password: string): Promise<void> {
  viewer.click(SIGN_IN_AT.name);
  viewer.send({ type: "text", text: name });
  viewer.click(SIGN_IN_AT.password);
  viewer.send({ type: "text", text: password });
  viewer.click(SIGN_IN_AT.button);
  const { tabs, shown } = await viewer.until("tabs", (one) => one.tabs.some(isConfirm));
  expect(tabs.find(isConfirm)?.id).toBe(shown);
  await viewer.untilFrame(({ tab }) => tab === shown);
  viewer.click(SIGN_IN_AT.confirm);
}

async function openForm(id: string): Promise<LiveViewer> {
  const viewer = await LiveViewer.open(world.gateway.url, PATH, { id });
  await viewer.untilOpen();
  await viewer.until("tabs", ({ tabs }) => tabs[0]?.title === "Sign in");
  return viewer;
}

test("an account is added by signing in by hand, and it answers, after a restart too", async () => {
  using viewer = await openForm("dora");
  expect(viewer.messages[0]).toMatchObject({ type: "hello", account: null, role: "controller" });
  await signIn(viewer, "dora", PASSWORD);
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
  using viewer = await openForm("eve");
  await signIn(viewer, "eve", "wrong");
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
  await signIn(viewer, "dora", PASSWORD);
  expect(await viewer.until("ended")).toMatchObject({ reason: "solved", account: "dora", state: "ready" });
  expect(await world.ask("three")).toBe("You said: three");
});

test("nothing that a person typed is in the log, and no ticket", () => {
  const log = world.logged.join("");
  expect(log).toContain("live_view_started");
  expect(log).not.toContain("correct horse");
  expect(log).not.toContain("ticket=");
});
