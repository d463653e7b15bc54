import { expect, test, vi } from "vitest";
import { loadConfig } from "../../src/config/config.ts";
import { secretsOf } from "../../src/credentials/configured-account.ts";
import { diagnose } from "../../src/doctor/doctor.ts";
import { Simulator } from "../../src/simulator/simulator.ts";
import { freePort } from "../support/free-port.ts";
import { PasswordProxy } from "../support/password-proxy.ts";
import { openWorld } from "../support/world.ts";

const WAIT = { timeout: 30_000, interval: 20 };

/** Settings for accounts that the site has, each with its proxy. */
function listOf(site: Simulator, proxies: Readonly<Record<string, string | undefined>>): string {
  return JSON.stringify(
    Object.entries(proxies).map(([id, proxy]) => ({ id, cookie: site.addAccount(id), ...(proxy ? { proxy } : {}) })),
  );
}

function proxyOf(proxy: unknown): unknown {
  return loadConfig({ GPTOMNI_CREDENTIALS: JSON.stringify([{ id: "alice", cookie: "name=value", proxy }]) }).accounts
    .list[0]?.proxy;
}

async function doctorSays(settings: (site: Simulator) => Readonly<Record<string, string>>): Promise<string> {
  await using site = await Simulator.start();
  const config = loadConfig({
    GPTOMNI_ORIGIN: site.origin,
    GPTOMNI_CREDENTIALS: listOf(site, { alice: undefined }),
    BROWSER_ARGS: site.browserArgs,
    BROWSER_PATH: process.env["BROWSER_PATH"],
    ...settings(site),
  });
  const lines: string[] = [];
  await diagnose(config, (line) => lines.push(line));
  return lines.join("\n");
}

test("accounts in one browser go out through a proxy each, with its password, and the rest through PROXY_URL", async () => {
  await using first = await PasswordProxy.start("user-a:p@ss:word/1#");
  await using second = await PasswordProxy.start("user-b:password-b");
  await using common = await PasswordProxy.start("user-c:password-c");
  await using world = await openWorld({
    settings: (site) => ({
      PROXY_URL: common.url(),
      GPTOMNI_CREDENTIALS: listOf(site, { alice: first.url(), bob: second.url(), carol: undefined }),
    }),
  });
  const { simulator, gateway, logged } = world;
  await Promise.all(["one", "two", "three"].map((prompt) => world.ask(prompt)));
  expect(new Set(simulator.posts.map(({ account }) => account))).toEqual(new Set(["alice", "bob", "carol"]));
  expect(gateway.browsers.starts).toBe(1);
  expect(first.usersAt(simulator.origin)).toEqual(["user-a"]);
  expect(second.usersAt(simulator.origin)).toEqual(["user-b"]);
  expect(common.usersAt(simulator.origin)).toEqual(["user-c"]);
  for (const password of ["p@ss", "password-b", "password-c"]) expect(logged.join("")).not.toContain(password);
});

test("a proxy's wrong password is one line that names the account, and others serve", async () => {
  await using good = await PasswordProxy.start("user:password-1");
  await using bad = await PasswordProxy.start("user:password-2");
  await using world = await openWorld({
    waitUntilReady: false,
    settings: (site) => ({
      GPTOMNI_CREDENTIALS: listOf(site, { alice: bad.url("user:wrong-password"), bob: good.url() }),
    }),
  });
  expect(await world.ask("hello")).not.toBe("");
  expect(world.simulator.posts.map(({ account }) => account)).toEqual(["bob"]);
  const line = await vi.waitFor(() => {
    const found = world.logged.find((one) => one.includes("session did not open"));
    if (found === undefined) throw new Error("not logged yet");
    return found;
  }, WAIT);
  expect(JSON.parse(line)).toMatchObject({
    account: "alice",
    reason: `The proxy http://${bad.address} refuses the user name or the password that it was given: check the account's proxy or PROXY_URL.`,
  });
  expect(world.logged.join("")).not.toContain("wrong-password");
  bad.signIn = "user:wrong-password";
  await world.untilReady();
});

test("a password that a proxy no longer accepts costs no answer, if another account has another proxy", async () => {
  await using first = await PasswordProxy.start("user:password-1");
  await using second = await PasswordProxy.start("user:password-2");
  await using world = await openWorld({
    settings: (site) => ({ GPTOMNI_CREDENTIALS: listOf(site, { alice: first.url(), bob: second.url() }) }),
  });
  first.signIn = "user:another";
  first.breakAll();
  for (const prompt of ["one", "two", "three"]) expect(await world.ask(prompt)).not.toBe("");
  const line = world.logged.find((one) => one.includes("session failed"));
  expect(line).toContain(`"account":"alice"`);
  expect(line).toContain(`The proxy http://${first.address} refuses the user name or the password`);
  expect(new Set(world.simulator.posts.map(({ account }) => account))).toEqual(new Set(["bob"]));
});

test("a new proxy changes nothing else about the account: its newest token stays, and no browser starts again", async () => {
  await using first = await PasswordProxy.start("user-1:password-1");
  await using second = await PasswordProxy.start("user-2:password-2");
  await using world = await openWorld({
    accounts: [],
    waitUntilReady: false,
    simulator: { rotateEveryReplies: 1, replacedTokensInForce: 0 },
  });
  const { simulator, gateway, stateDir } = world;
  const cookie = simulator.addAccount("alice");
  // Without an id: that comes from the sign-in.
  const listWith = (proxy: PasswordProxy): ReturnType<typeof loadConfig>["accounts"]["list"] =>
    loadConfig({
      STATE_DIR: stateDir,
      GPTOMNI_ORIGIN: simulator.origin,
      GPTOMNI_CREDENTIALS: JSON.stringify([{ cookie, proxy: proxy.url() }]),
    }).accounts.list;
  await gateway.setAccounts(listWith(first));
  await world.ask("one");
  const [before] = gateway.pool.states;
  await gateway.setAccounts(listWith(second));
  await world.ask("two");
  expect(gateway.pool.states.map(({ id }) => id)).toEqual([before?.id]);
  expect(simulator.posts.map(({ account, status }) => [account, status])).toEqual([
    ["alice", 200],
    ["alice", 200],
  ]);
  expect(first.usersAt(simulator.origin)).toEqual(["user-1"]);
  expect(second.usersAt(simulator.origin)).toEqual(["user-2"]);
});

test("a site that asks for a password never gets the proxy's", async () => {
  await using proxy = await PasswordProxy.start("user:password-1");
  await using world = await openWorld({
    accounts: ["alice"],
    settings: { PROXY_URL: proxy.url() },
  });
  const { simulator } = world;
  simulator.failNext({ status: 401, asksForPassword: true });
  await expect(world.ask("hello")).rejects.toThrow("503");
  expect(simulator.posts.map(({ status }) => status)).toContain(401);
  for (const { headers } of simulator.posts) {
    expect(headers).not.toHaveProperty("authorization");
    expect(headers).not.toHaveProperty("proxy-authorization");
  }
});

test("the doctor goes through each account's proxy, and says what is wrong with it", async () => {
  await using good = await PasswordProxy.start("user:password-1");
  await using strict = await PasswordProxy.start("user:password-2");
  const deadPort = await freePort();
  const text = await doctorSays((site) => ({
    PROXY_URL: strict.url("user:wrong-password"),
    GPTOMNI_CREDENTIALS: listOf(site, {
      alice: good.url(),
      bob: undefined,
      carol: `http://${strict.address}`,
      dave: `socks5://127.0.0.1:${deadPort}`,
    }),
  }));
  const { address } = strict;
  expect(text).toMatch(new RegExp(`^ok {4}account alice: .*, through http://${good.address}$`, "m"));
  expect(text).toContain(`FAIL  account bob: The proxy http://${address} refuses the user name or the password`);
  expect(text).toContain(`FAIL  account carol: The proxy http://${address} asks for a user name and a password`);
  expect(text).toMatch(/^FAIL {2}account dave: .*The proxy failed: check/m);
  expect(text).not.toMatch(/password-|wrong-/);
});

test("a proxy setting is accepted, or refused without a word of its password", () => {
  const signIn = { username: "us er", password: "p:@ss" };
  expect(proxyOf("http://us%20er:p%3A%40ss@proxy.example:3128")).toEqual({
    server: "http://proxy.example:3128",
    signIn,
  });
  expect(proxyOf("https://proxy.example")).toEqual({ server: "https://proxy.example:443", signIn: undefined });
  expect(proxyOf("proxy.example:3128")).toEqual({ server: "http://proxy.example:3128", signIn: undefined });
  expect(proxyOf("socks5://[::1]:1080/")).toEqual({ server: "socks5://[::1]:1080", signIn: undefined });
  for (const none of ["", null, undefined]) expect(proxyOf(none)).toBeUndefined();
  const wrong = [
    "socks5://user:canary@host:1",
    "http://user:canary#1@host:1",
    "ftp://user:canary@host",
    "host:1:user:canary",
    7,
  ];
  for (const proxy of wrong)
    expect(() => proxyOf(proxy)).toThrow(/item 1 is not one with a (?:SOCKS )?proxy (?!.*canary)/);
  expect(() => loadConfig({ PROXY_URL: "socks5://user:canary@host:1" })).toThrow(
    /PROXY_URL: expected a SOCKS proxy without user and password: Chromium sends none to SOCKS(?!.*canary)/,
  );
});

test("a proxy's password never enters the log, in any of its forms", () => {
  const [account] = loadConfig({
    GPTOMNI_CREDENTIALS: JSON.stringify([
      { id: "alice", cookie: "name=value", proxy: "http://user:p%40ssword-1@host:1" },
    ]),
  }).accounts.list;
  const secrets = account ? secretsOf(account) : [];
  expect(secrets).toContain("p@ssword-1");
  expect(secrets).toContain(Buffer.from("user:p@ssword-1").toString("base64"));
});
