import { expect, test } from "vitest";
import type { RunningGateway } from "../../src/main.ts";
import { Simulator } from "../../src/simulator/simulator.ts";
import { ADMIN_KEY, API_KEY } from "../support/api-key.ts";
import { serve } from "../support/command.ts";
import { LiveViewer } from "../support/live-viewer.ts";
import { PasswordProxy } from "../support/password-proxy.ts";
import { openSignIn, signInByHand } from "../support/sign-in-by-hand.ts";
import { openWorld } from "../support/world.ts";
import { LACKS_XVFB } from "../support/xvfb.ts";
import { openTwoSites } from "../support/two-sites.ts";

const PASSWORD = "correct horse, 电池 staple";

function stateOf({ pool }: RunningGateway, account: string): string | undefined {
  return pool.states.find(({ id }) => id === account)?.state;
}

test("an operator sees an account, and signs another one in, through a proxy with a password", async () => {
  await using proxy = await PasswordProxy.start("user-a:p@ss:word/1#");
  await using world = await openWorld({ accounts: ["alice"], settings: { PROXY_URL: proxy.url() } });
  const { simulator, gateway } = world;
  simulator.signIn.add("dora", PASSWORD);
  using viewer = await LiveViewer.open(gateway.url, "accounts/alice/live-view");
  await viewer.untilOpen();
  await viewer.until("tabs", ({ tabs }) => tabs[0]?.title === "Simulated chat site");
  viewer.send({ type: "leave" });
  await expect.poll(() => stateOf(gateway, "alice")).toBe("ready");
  using form = await openSignIn(gateway.url, { id: "dora" });
  await signInByHand(form, "dora", PASSWORD);
  expect(await form.until("ended")).toMatchObject({ reason: "solved", account: "dora" });
  await gateway.pool.operator.disable("alice");
  expect(await world.ask("one")).toBe("You said: one");
  expect(proxy.usersAt(simulator.origin)).toEqual(["user-a"]);
});

test("a new account signs in by hand at the site that was asked for, and serves that site", async () => {
  await using world = await openTwoSites();
  const { second, gateway } = world;
  second.signIn.add("polly", PASSWORD);
  const post = (path: string, key: string, body: object): Promise<Response> =>
    fetch(gateway.url + path, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const refused = await post("/admin/api/live-view/sign-in", ADMIN_KEY, { site: "nowhere" });
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({ error: { code: "invalid_value", param: "site" } });
  using form = await openSignIn(gateway.url, { id: "polly", site: "parrot" });
  await signInByHand(form, "polly", PASSWORD);
  expect(await form.until("ended")).toMatchObject({ reason: "solved", account: "polly" });
  await expect.poll(() => stateOf(gateway, "polly")).toBe("ready");
  const messages = [{ role: "user", content: "hello" }];
  const answer = await post("/v1/chat/completions", API_KEY, { model: "parrot-1", messages });
  expect(await answer.text()).toContain("You said: hello");
  expect(second.posts.map(({ account }) => account)).toEqual(["polly"]);
});

test.skipIf(LACKS_XVFB)("a browser with a window is seen and used as one without", async () => {
  await using site = await Simulator.start();
  site.signIn.add("dora", PASSWORD);
  const accounts = JSON.stringify([{ id: "alice", cookie: site.addAccount("alice") }]);
  const headed = { BROWSER_MODE: "headed", DISPLAY: "", XAUTHORITY: "" };
  await using command = await serve(site, { ...headed, ADMIN_KEY, GPTOMNI_CREDENTIALS: accounts });
  await command.says(/"session open"/);
  const [, url = ""] = await command.says(/"url":"([^"]+)"/);
  using viewer = await LiveViewer.open(url, "accounts/alice/live-view");
  await viewer.untilOpen();
  await viewer.until("tabs", ({ tabs }) => tabs[0]?.title === "Simulated chat site");
  expect(viewer.frames[0]?.width).toBeGreaterThan(300);
  using form = await openSignIn(url, { id: "dora" });
  await signInByHand(form, "dora", PASSWORD);
  expect(await form.until("ended")).toMatchObject({ reason: "solved", account: "dora" });
});
