import { chmod, mkdtempDisposable, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import type { BrowserSupervisor } from "../../src/browser/browser-supervisor.ts";
import { openWorld, type World } from "../support/world.ts";
import { mainPidOf } from "../support/main-pid.ts";

const ENDLESS = '@sim {"chunks":100000,"chunkDelayMs":20,"chunkText":"tick "}';

/** An answer that says nothing more is not given up within a test: what ends it is that its loss was noticed. */
const PATIENT = { IDLE_TIMEOUT_SECONDS: "3600" };

/** Starts an endless answer, waits for its first piece, does the thing, and gives what the stream ended with. */
async function interrupt(world: World, thing: () => Promise<unknown>): Promise<{ code?: unknown }> {
  const stream = await world.client.chat.completions.create({
    model: "gptomni",
    messages: [{ role: "user", content: ENDLESS }],
    stream: true,
  });
  let isDone: Promise<unknown> | undefined;
  try {
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) isDone ??= thing();
  } catch (cause) {
    await isDone;
    return cause as { code?: unknown };
  }
  throw new Error("the stream ended as if it were whole");
}

function supervisorOf(world: World): BrowserSupervisor {
  const [host] = world.gateway.browsers.supervisors;
  if (!host) throw new Error("there is no browser");
  return host;
}

async function processIds(world: World, type: string): Promise<number[]> {
  const browser = await supervisorOf(world).browser();
  const cdp = await browser.newBrowserCDPSession();
  const { processInfo } = await cdp.send("SystemInfo.getProcessInfo");
  await cdp.detach();
  return processInfo.filter((one) => one.type === type).map((one) => one.id);
}

/** Processes of a group that still run, without zombies. */
async function livingInGroup(group: number): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, "utf8").catch(() => "")));
  return pids.filter((_pid, index) => {
    const [state, , pgid] = (stats[index] ?? "").replace(/^.*\) /s, "").split(" ");
    return Number(pgid) === group && state !== "Z";
  });
}

test("a challenge at the start is solved by the browser", async () => {
  await using world = await openWorld({ accounts: ["alice"], simulator: { challenge: { isOn: true } } });
  await expect(world.ask("let in?")).resolves.toContain("let in?");
  expect(world.simulator.posts.every((post) => post.status === 200)).toBe(true);
});

test("a challenge in the middle of a session is solved by the browser, and the request repeated there", async () => {
  await using world = await openWorld({ accounts: ["alice"] });
  await world.ask("before");
  world.simulator.challenge.demand();
  await expect(world.ask("during")).resolves.toBe("You said: during");
  expect(world.simulator.posts.map(({ prompt, status }) => [prompt, status])).toEqual([
    ["before", 200],
    ["during", 403],
    ["during", 200],
  ]);
});

test("a challenge that is never solved is left to a person, and is not tried again and again", async () => {
  await using world = await openWorld({
    accounts: ["alice"],
    settings: { CHALLENGE_TIMEOUT_SECONDS: "1" },
    simulator: { challenge: { isOn: true, isUnsolvable: true } },
    waitUntilReady: false,
  });
  await expect.poll(() => world.gateway.pool.states[0]?.state).toBe("needs_attention");
  expect(world.gateway.pool.states[0]?.nextTryAt).toBeGreaterThan(Date.now() + 60_000);
  const refused = await world.ask("anybody?").catch((cause: unknown) => cause);
  expect(refused).toMatchObject({ status: 503, code: "no_usable_account" });
  const ready = await fetch(`${world.gateway.url}/readyz`);
  expect(ready.status).toBe(503);
  expect(await ready.text()).toContain("needs_attention");
  expect((await fetch(`${world.gateway.url}/livez`)).status).toBe(200);
});

test("an account whose page opens while each of its requests is challenged is left to a person, too", async () => {
  await using world = await openWorld({ accounts: ["alice"], settings: { RATE_LIMIT: "off" } });
  const challenged = '@sim {"challenge":true}';
  const ask = async (times: number): Promise<void> => {
    for (let time = 0; time < times; time += 1)
      await expect(world.ask(challenged)).rejects.toMatchObject({ code: "site_challenged" });
  };
  await ask(4);
  await world.ask("an answer in between");
  await ask(4);
  await expect.poll(() => world.gateway.pool.states[0]?.state).toBe("ready");
  const posts = world.simulator.posts.length;
  await ask(1);
  await expect.poll(() => world.gateway.pool.states[0]?.state).toBe("needs_attention");
  expect(world.gateway.pool.states[0]?.nextTryAt).toBeGreaterThan(Date.now() + 60_000);
  await expect(world.ask("anybody?")).rejects.toMatchObject({ status: 503, code: "no_usable_account" });
  expect(world.simulator.posts).toHaveLength(posts + 2);
});

test("an account that is signed out leaves the pool; the others serve", async () => {
  await using world = await openWorld();
  world.simulator.accounts.signOut("alice");
  for (let round = 0; round < 4; round += 1)
    await expect(world.ask(`round ${round}`)).resolves.toContain(`round ${round}`);
  await expect.poll(() => world.gateway.pool.states.find(({ id }) => id === "alice")?.state).toBe("expired");
});

test("the token that the site sent last is in use", async () => {
  await using world = await openWorld({ accounts: ["alice"] });
  await world.ask("with which token?");
  const token = world.simulator.accounts.currentToken("alice") ?? "none";
  expect(world.cookies.get("alice")).not.toContain(token);
  expect(world.simulator.posts.at(-1)?.headers.cookie).toContain(token);
});

test("a page that goes elsewhere in mid-answer fails that request only", async () => {
  await using world = await openWorld({ accounts: ["alice"] });
  const failure = await interrupt(world, async () => {
    const [context] = (await supervisorOf(world).browser()).contexts();
    // The gateway may close the page before it has loaded.
    await context
      ?.pages()[0]
      ?.reload({ waitUntil: "commit" })
      .catch(() => {});
  });
  expect(failure.code).toBe("session_lost");
  await expect(world.ask("again?")).resolves.toContain("again?");
});

test("a renderer that is killed fails its request at once, and the account comes back", async () => {
  await using world = await openWorld({ accounts: ["alice"], settings: PATIENT });
  const failure = await interrupt(world, async () => {
    const renderers = await processIds(world, "renderer");
    for (const pid of renderers) process.kill(pid, "SIGKILL");
  });
  expect(failure.code).toBe("session_lost");
  await expect(world.ask("again?")).resolves.toContain("again?");
});

test("a browser that is killed is started again, with the newest tokens", async () => {
  await using world = await openWorld({ accounts: ["alice"], settings: PATIENT });
  const pid = await mainPidOf(supervisorOf(world));
  const failure = await interrupt(world, async () => process.kill(pid ?? 0, "SIGKILL"));
  expect(failure.code).toBe("session_lost");
  await expect(world.ask("again?")).resolves.toContain("again?");
  await world.untilReady();
  expect(await mainPidOf(supervisorOf(world))).not.toBe(pid);
});

test("an account does not count as signed out when its browser lost the cookies", async () => {
  await using world = await openWorld({ accounts: ["alice"] });
  const [before] = await processIds(world, "network.mojom.NetworkService");
  process.kill(before ?? 0, "SIGKILL");
  await expect.poll(() => processIds(world, "network.mojom.NetworkService")).not.toContain(before);
  await expect(world.ask("still there?")).resolves.toContain("still there?");
  await world.untilReady();
  expect(world.logged.filter((line) => /expired|signed out/.test(line))).toEqual([]);
});

test("a frozen page is given up when its time is over, and the other accounts serve", async () => {
  await using world = await openWorld({ settings: { IDLE_TIMEOUT_SECONDS: "1" } });
  const failure = await interrupt(world, async () => {
    for (const pid of await processIds(world, "renderer")) process.kill(pid, "SIGSTOP");
  });
  expect(failure.code).toBe("site_timeout");
  for (const pid of await processIds(world, "renderer")) process.kill(pid, "SIGCONT");
  await expect(world.ask("again?")).resolves.toContain("again?");
});

test("nothing is left behind: no browser process, no directory", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "left-"));
  // As root, browsers run as users of their own.
  await chmod(folder.path, 0o711);
  vi.stubEnv("TMPDIR", folder.path);
  let pid: number | undefined;
  {
    await using world = await openWorld({ accounts: ["alice"], ownBrowsers: true });
    pid = await mainPidOf(supervisorOf(world));
    expect(pid).toBeGreaterThan(1);
  }
  expect(await livingInGroup(pid ?? 0)).toEqual([]);
  vi.unstubAllEnvs();
  expect(await readdir(folder.path)).toEqual([]);
});

test("the log warns ahead which account will be signed out", async () => {
  await using world = await openWorld({ simulator: { sessionDays: 2 } });
  const told = world.logged.filter((line) => line.includes("will be signed out soon"));
  expect(told).toHaveLength(2);
  for (const line of told) {
    const { expiresAt } = JSON.parse(line) as { expiresAt: number };
    expect(expiresAt).toBeGreaterThan(Date.now() + 86_400_000);
    expect(expiresAt).toBeLessThanOrEqual(Date.now() + 2 * 86_400_000);
  }
});

test("an account that was signed out while idle is found before a request goes to it", async () => {
  await using world = await openWorld({ settings: { PROBE_AFTER_SECONDS: "1" } });
  expect(world.gateway.pool.states[0]?.expiresAt).toBeGreaterThan(Date.now());
  world.simulator.accounts.signOut("alice");
  await expect.poll(() => world.gateway.pool.states.find(({ id }) => id === "alice")?.state).toBe("expired");
  expect(world.simulator.posts).toEqual([]);
  await expect(world.ask("who is left?")).resolves.toBe("You said: who is left?");
  expect(world.simulator.posts.map((post) => post.account)).toEqual(["bob"]);
  const unopened = (): string[] => world.logged.filter((line) => line.includes("session did not open"));
  await expect.poll(unopened).not.toEqual([]);
  for (const line of unopened()) expect((JSON.parse(line) as { nextTryMs: number }).nextTryMs % 1).toBe(0);
});
