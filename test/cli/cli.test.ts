import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { Simulator } from "../../src/simulator/simulator.ts";
import { ask, Command, NODE, serve } from "../support/command.ts";
import { Inspector } from "../support/inspector.ts";

test("the demo prints a curl line that works, and Ctrl-C leaves nothing behind", async () => {
  await using demo = await Command.run(["npm", "run", "demo"]);
  const [, line = ""] = await demo.says(/\n {2}(curl -N [\s\S]+?'\n)/);
  const [, url = ""] = await demo.says(/Base URL\s+(\S+)\/v1\n/);
  await vi.waitFor(async () => expect((await fetch(`${url}/readyz`)).status).toBe(200), {
    timeout: 60_000,
    interval: 20,
  });
  await using curl = await Command.run(["bash", "-c", line]);
  expect(await curl.ended()).toBe(0);
  expect(curl.output).toContain('"content":"You');
  expect(curl.output).toContain("data: [DONE]");
  demo.signal("SIGINT");
  await demo.ended();
  await expect.poll(() => demo.processes()).toEqual([]);
  expect((await readdir(demo.tempFolder)).filter((name) => /gptomni|playwright|chromium/i.test(name))).toEqual([]);
});

test("keys are made at the first start, shown once, kept for their owner alone, and used again", async () => {
  await using site = await Simulator.start();
  await using first = await serve(site, { API_MASTER_KEY: "" });
  const [, key = ""] = await first.says(/API key \(shown once, kept in \S+\): (\S+)/);
  const [, adminKey = ""] = await first.says(/Admin key \(shown once, kept in [^)]+\): (\S+)/);
  const state = join(first.tempFolder, "state");
  for (const file of ["api-key", "admin-key"]) expect((await stat(join(state, file))).mode & 0o777).toBe(0o600);
  first.signal("SIGTERM");
  expect(await first.ended()).toBe(0);
  await using second = await serve(site, { API_MASTER_KEY: "", STATE_DIR: state });
  const [, url = ""] = await second.says(/"url":"([^"]+)"/);
  const models = await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
  expect(models.status).toBe(200);
  const metrics = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${adminKey}` } });
  expect(metrics.status).toBe(200);
  for (const secret of [key, adminKey]) expect(second.output).not.toContain(secret);
});

test("every wrong setting is named in one message, and nothing is started", async () => {
  await using command = await Command.run([...NODE, "serve"], {
    PORT: "http",
    RATE_LIMIT: "often",
    GPTOMNI_CREDENTIALS: "not json",
    HOST: "0.0.0.0",
    API_MASTER_KEY: "1",
  });
  expect(await command.ended()).toBe(1);
  for (const name of ["PORT", "RATE_LIMIT", "GPTOMNI_CREDENTIALS", "API_MASTER_KEY"])
    expect(command.output).toContain(name);
  expect(command.output).not.toMatch(/^\s+at /m);
});

test("an unknown command names those there are", async () => {
  await using command = await Command.run([...NODE, "serv"]);
  expect(await command.ended()).toBe(2);
  expect(command.output).toMatch(/serve, demo, doctor/);
});

test.each([
  [["--help"], /^Usage: [\s\S]*\n {2}doctor +npm run doctor +/],
  [["help"], /^Usage: /],
  [["demo", "-h"], /^Usage: /],
  [["--version"], /^\d+\.\d+\.\d+\n$/],
])("%j says what it is asked for and starts nothing", async (args, wanted) => {
  await using command = await Command.run([...NODE, ...args]);
  expect(await command.ended()).toBe(0);
  expect(command.output).toMatch(wanted);
  expect(await readdir(command.tempFolder)).toEqual([]);
});

test.each([
  [["serve", "--port", "80"], "Unknown option '--port'."],
  [["doctor", "alice"], 'doctor takes no arguments, got "alice".'],
  [["move-store", "mysql"], 'move-store takes postgres or sqlite, got "mysql".'],
])("%j is refused with the usage", async (args, problem) => {
  await using command = await Command.run([...NODE, ...args]);
  expect(await command.ended()).toBe(2);
  expect(command.output).toContain(`${problem}\n\nUsage: `);
});

test("a port that is taken is said in one line, and nothing is left running", async () => {
  await using site = await Simulator.start();
  await using command = await serve(site, { PORT: new URL(site.origin).port, HOST: "127.0.0.1" });
  expect(await command.ended()).toBe(1);
  expect(command.output).toMatch(/is taken/);
  expect(command.output).not.toMatch(/^\s+at /m);
  expect(await command.processes()).toEqual([]);
});

test("after SIGTERM running answers finish, new ones are refused, and the exit is clean", async () => {
  await using site = await Simulator.start();
  await using command = await serve(site);
  await command.says(/"session open"/);
  const [, url = ""] = await command.says(/"url":"([^"]+)"/);
  const answer = await ask(url, '@sim {"chunks":10,"chunkDelayMs":50,"chunkText":"piece "}');
  await site.waitForPost((post) => post.bytesSent > 0, 30_000);
  command.signal("SIGTERM");
  await command.says(/stopping/);
  expect((await fetch(`${url}/readyz`)).status).toBe(503);
  const refused = await ask(url, "too late");
  expect(refused.status).toBe(503);
  expect(await refused.json()).toMatchObject({ error: { code: "server_shutting_down" } });
  const text = await answer.text();
  expect(text.match(/piece /g)).toHaveLength(10);
  expect(text).toMatch(/data: \[DONE\]\n\n$/);
  expect(await command.ended()).toBe(0);
  await expect.poll(() => command.processes()).toEqual([]);
});

test("a second signal ends at once", async () => {
  await using site = await Simulator.start();
  // Whoever waits for the answer waits for longer than the test.
  await using command = await serve(site, { DRAIN_TIMEOUT_SECONDS: "3600" });
  await command.says(/"session open"/);
  const [, url = ""] = await command.says(/"url":"([^"]+)"/);
  const answer = await ask(url, '@sim {"chunks":2,"stallAfterChunks":1}');
  const outcome = answer.text().catch(String);
  await site.waitForPost((post) => post.bytesSent > 0, 30_000);
  command.signal("SIGTERM");
  await command.says(/stopping/);
  command.signal("SIGTERM");
  await command.ended();
  expect(await outcome).not.toContain("[DONE]");
  await expect.poll(() => command.processes()).toEqual([]);
});

/** Makes the program run this from its event loop, where nobody waits for it. */
async function runIn(program: Command, inspector: Inspector, code: string): Promise<void> {
  const expression = `void setTimeout(() => { ${code} })`;
  await inspector.ask(program, [{ method: "Runtime.evaluate", params: { expression } }]);
}

test("an unhandled rejection is logged, and serving goes on", async () => {
  await using site = await Simulator.start();
  const inspector = await Inspector.reserve();
  await using command = await serve(site, inspector.settings);
  await command.says(/"session open"/);
  const [, url = ""] = await command.says(/"url":"([^"]+)"/);
  await runIn(command, inspector, 'Promise.reject(new Error("for nobody"))');
  await command.says(/"level":50[^\n]+for nobody[^\n]+unhandled rejection/);
  expect(await (await ask(url, "still there?")).text()).toContain("[DONE]");
  command.signal("SIGTERM");
  expect(await command.ended()).toBe(0);
});

test("after an uncaught exception, answers end, the state is saved, and the exit says so", async () => {
  await using site = await Simulator.start({ rotateEveryReplies: 1, replacedTokensInForce: 0 });
  const account = { GPTOMNI_CREDENTIALS: JSON.stringify([site.addAccount("carol")]) };
  const inspector = await Inspector.reserve();
  await using first = await serve(site, { ...account, ...inspector.settings });
  await first.says(/"session open"/);
  const [, url = ""] = await first.says(/"url":"([^"]+)"/);
  const answer = await ask(url, '@sim {"chunks":10,"chunkDelayMs":50,"chunkText":"piece "}');
  await site.waitForPost((post) => post.bytesSent > 0, 30_000);
  await runIn(first, inspector, 'throw new Error("on the loose")');
  await first.says(/"level":50[^\n]+on the loose[^\n]+uncaught exception/);
  expect((await answer.text()).match(/piece /g)).toHaveLength(10);
  expect(await first.ended()).toBe(1);
  await expect.poll(() => first.processes()).toEqual([]);
  // The site replaced the token with its answer: only the new token is signed in.
  await using second = await serve(site, { ...account, STATE_DIR: join(first.tempFolder, "state") });
  await second.says(/"session open"/);
});

test("the doctor says what works and what does not", async () => {
  await using site = await Simulator.start();
  const settings = { GPTOMNI_ORIGIN: site.origin, BROWSER_ARGS: site.browserArgs };
  await using healthy = await Command.run([...NODE, "doctor"], {
    ...settings,
    GPTOMNI_CREDENTIALS: JSON.stringify([{ id: "alice", cookie: site.addAccount("alice") }]),
  });
  expect(await healthy.ended()).toBe(0);
  expect(healthy.output).toMatch(/^ok {4}Chromium: \d+/m);
  expect(healthy.output).toMatch(/^ok {4}account alice: signed in/m);
  await using sick = await Command.run([...NODE, "doctor"], {
    ...settings,
    GPTOMNI_CREDENTIALS: JSON.stringify([{ id: "bob", cookie: "__Secure-next-auth.session-token=stale" }]),
  });
  expect(await sick.ended()).toBe(1);
  expect(sick.output).toMatch(/^FAIL {2}account bob: The site says that this account is signed out/m);
});
