import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { json } from "node:stream/consumers";
import { expect, test } from "vitest";
import { limitFiles } from "../support/store-disk.ts";
import { openWorld, type World } from "../support/world.ts";

function stateOf(world: World, id: string): string | undefined {
  return world.gateway.pool.states.find((one) => one.id === id)?.state;
}

test("after a restart an account goes on with the token that the site gave it last", async () => {
  await using world = await openWorld({
    accounts: ["alice"],
    simulator: { rotateEveryReplies: 1, replacedTokensInForce: 0 },
  });
  await world.ask("before");
  const token = world.simulator.accounts.currentToken("alice") ?? "none";
  expect(world.cookies.get("alice")).not.toContain(token);
  await world.restart();
  await expect(world.ask("after")).resolves.toBe("You said: after");
  expect(world.simulator.posts.map((post) => post.status)).toEqual([200, 200]);
});

test("a token that the page itself was given while nobody asked is kept at the stop", async () => {
  await using world = await openWorld({ accounts: ["alice"], simulator: { replacedTokensInForce: 0 } });
  await world.ask("before");
  const browser = await world.gateway.browsers.supervisors[0]?.browser();
  const [page] = browser?.contexts().flatMap((context) => context.pages()) ?? [];
  // As next-auth's own script does it now and then.
  await page?.evaluate(async () => (await fetch("/api/auth/session")).text());
  await world.restart();
  await expect(world.ask("after")).resolves.toBe("You said: after");
});

test("what a full disk did not take is stored at the stop, when there is room again", async () => {
  const simulator = { rotateEveryReplies: 1, replacedTokensInForce: 0 };
  await using world = await openWorld({ accounts: ["alice"], simulator });
  const isStored = (): boolean => !world.logged.join("").includes("the state was not stored");
  limitFiles("1");
  await world.ask("before");
  await expect.poll(isStored).toBe(false);
  limitFiles("unlimited");
  await world.restart();
  await expect(world.ask("after")).resolves.toBe("You said: after");
});

test("a cookie that is configured anew replaces what was stored", async () => {
  await using world = await openWorld({ accounts: ["alice"] });
  await world.ask("before");
  const cookie = world.simulator.addAccount("bob");
  await world.restart({ GPTOMNI_CREDENTIALS: JSON.stringify([{ id: "alice", cookie }]) });
  await world.ask("after");
  expect(world.simulator.posts.map((post) => post.account)).toEqual(["alice", "bob"]);
});

test("one row that was altered costs its account's state, and no start", async () => {
  await using world = await openWorld({ accounts: ["alice"] });
  await world.ask("before");
  await world.gateway.drain();
  await world.gateway[Symbol.asyncDispose]();
  const sqlite = new DatabaseSync(join(world.stateDir, "gateway.sqlite"));
  sqlite.exec("UPDATE account SET cookies = replace(cookies, 'v1.', 'v1.AAAA')");
  sqlite.close();
  await world.restart();
  expect(world.logged.join("")).toContain("it goes on from its configured cookie");
  await expect(world.ask("after")).resolves.toBe("You said: after");
});

test("an account that is signed out goes back to its configured cookie once", async () => {
  await using world = await openWorld({ accounts: ["alice"], simulator: { replacedTokensInForce: 100 } });
  await world.ask("before");
  // The site forgets what it handed out last, and knows the first one still.
  world.simulator.accounts.forgetNewest("alice");
  await world.ask("anybody?").catch(() => {});
  await world.untilReady();
  await expect(world.ask("after")).resolves.toBe("You said: after");
  expect(world.logged.join("")).toContain("trying another known sign-in");
});

test("an account that is left alone stays so over a restart", async () => {
  await using world = await openWorld({ accounts: ["alice"] });
  await expect(world.ask('@sim {"status":429,"retryAfter":"1800"}')).rejects.toMatchObject({
    code: "site_rate_limited",
  });
  await expect.poll(() => stateOf(world, "alice")).toBe("cooldown");
  const [before] = world.gateway.pool.states;
  await world.restart();
  expect(world.gateway.pool.states[0]).toMatchObject({ state: "cooldown", nextTryAt: before?.nextTryAt });
  const loads = world.simulator.pageLoads;
  await expect(world.ask("anybody?")).rejects.toMatchObject({ status: 503, code: "no_usable_account" });
  expect(world.simulator.pageLoads).toBe(loads);
});

test("what an account sent before a restart still counts for its rate limit", async () => {
  await using world = await openWorld({ accounts: ["alice"], settings: { RATE_LIMIT: "3/1h" } });
  for (const word of ["one", "two"]) await world.ask(word);
  await world.restart();
  await world.ask("three");
  await expect(world.ask("four")).rejects.toMatchObject({ status: 429, code: "rate_limit_exceeded" });
  expect(world.simulator.posts.map(({ prompt }) => prompt)).toEqual(["one", "two", "three"]);
});

/** What the operator's URL is told; `refusals`: how often it fails when it is told of an account that needs somebody. */
async function operator(refusals = 0): Promise<
  Disposable & {
    readonly url: string;
    readonly heard: Record<string, unknown>[];
    readonly authorizations: (string | undefined)[];
  }
> {
  const heard: Record<string, unknown>[] = [];
  const authorizations: (string | undefined)[] = [];
  let left = refusals;
  const listener = createServer((request, response) => {
    authorizations.push(request.headers.authorization);
    void json(request).then((message) => {
      const isRefused = (message as Record<string, unknown>)["before"] === null && left > 0;
      if (isRefused) left -= 1;
      else heard.push(message as Record<string, unknown>);
      response.writeHead(isRefused ? 503 : 200).end();
    });
  }).listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  const close = (): void => {
    listener.closeAllConnections();
    listener.close();
  };
  return { url: `http://127.0.0.1:${port}/alerts`, heard, authorizations, [Symbol.dispose]: close };
}

test("another cookie does not reset an account's rate limit, while the gateway runs or after a restart", async () => {
  await using world = await openWorld({ accounts: ["alice"], settings: { RATE_LIMIT: "1/1h" } });
  const refusal = { status: 429, code: "rate_limit_exceeded" };
  await world.ask("one");
  const renewed = [{ id: "alice", cookie: world.simulator.addAccount("alice") }];
  await world.gateway.setAccounts(renewed);
  await expect(world.ask("two")).rejects.toMatchObject(refusal);
  await world.restart({
    GPTOMNI_CREDENTIALS: JSON.stringify([{ id: "alice", cookie: world.simulator.addAccount("alice") }]),
  });
  await expect(world.ask("three")).rejects.toMatchObject(refusal);
  expect(world.simulator.posts.map(({ prompt }) => prompt)).toEqual(["one"]);
});

test("the operator hears once that an account needs them, and once that it is well again", async () => {
  using told = await operator();
  const { heard } = told;
  await using world = await openWorld({ settings: { ALERT_URL: told.url } });
  world.simulator.accounts.signOut("alice");
  for (const word of ["a", "b", "c"]) await world.ask(word);
  await expect.poll(() => heard).toHaveLength(1);
  expect(heard[0]).toMatchObject({ account: "alice", state: "expired", before: null });
  expect(JSON.stringify(heard)).not.toContain("session-token");
  const cookie = world.simulator.addAccount("alice");
  const bob = { id: "bob", cookie: world.cookies.get("bob") ?? "" };
  await world.gateway.setAccounts([{ id: "alice", cookie }, bob]);
  await expect.poll(() => heard).toHaveLength(2);
  expect(heard[1]).toMatchObject({ account: "alice", state: "ready", before: "expired" });
});

test("an alert goes where its URL's user and password open the door, and neither is logged", async () => {
  using told = await operator();
  const url = told.url.replace("//", "//gate%20way:canary-secret@");
  await using world = await openWorld({ accounts: ["alice"], settings: { ALERT_URL: url } });
  world.simulator.accounts.signOut("alice");
  await world.ask("anybody?").catch(() => {});
  await expect.poll(() => told.heard).toHaveLength(1);
  expect(told.authorizations).toEqual([`Basic ${Buffer.from("gate way:canary-secret").toString("base64")}`]);
  expect(world.logged.join("")).not.toContain("canary-secret");
});

test("an alert that does not arrive is told without its URL, which is a secret", async () => {
  const settings = { ALERT_URL: "http://me:canary-secret@127.0.0.1:1/canary-path" };
  await using world = await openWorld({ accounts: ["alice"], settings });
  world.simulator.accounts.signOut("alice");
  await world.ask("anybody?").catch(() => {});
  await expect.poll(() => world.logged.join("")).toContain("ALERT_URL was not reached");
  expect(world.logged.join("")).toMatch(/"problem":"(?:ECONNREFUSED|TypeError)"/);
  expect(world.logged.join("")).not.toContain("canary");
});

test("an operator who is hard to reach hears in the order in which it came about", async () => {
  using told = await operator(2);
  const { heard } = told;
  await using world = await openWorld({ accounts: ["alice"], settings: { ALERT_URL: told.url } });
  world.simulator.accounts.signOut("alice");
  await world.ask("anybody?").catch(() => {});
  await expect.poll(() => stateOf(world, "alice")).toBe("expired");
  await world.gateway.setAccounts([{ id: "alice", cookie: world.simulator.addAccount("alice") }]);
  await expect.poll(() => heard.map(({ state }) => state)).toEqual(["expired", "ready"]);
});

test("what the operator was told before a restart is not told again, and its end is", async () => {
  using told = await operator();
  const { heard } = told;
  await using world = await openWorld({ settings: { ALERT_URL: told.url } });
  world.simulator.accounts.signOut("alice");
  for (const word of ["a", "b"]) await world.ask(word);
  await expect.poll(() => heard).toHaveLength(1);
  await world.restart();
  // It is tried again a second after it expired: a restart that took longer finds it opening.
  await expect.poll(() => stateOf(world, "alice")).toBe("expired");
  await world.ask("bob is there");
  const cookie = world.simulator.addAccount("alice");
  const bob = { id: "bob", cookie: world.cookies.get("bob") ?? "" };
  await world.gateway.setAccounts([{ id: "alice", cookie }, bob]);
  const endings = (): unknown[] => heard.map(({ account, state, before }) => ({ account, state, before }));
  await expect.poll(endings).toEqual([
    { account: "alice", state: "expired", before: null },
    { account: "alice", state: "ready", before: "expired" },
  ]);
});

test("accounts come and go while it runs, and streams of others go on", async () => {
  await using world = await openWorld();
  const stream = await world.client.chat.completions.create({
    model: "gptomni",
    messages: [{ role: "user", content: '@sim {"chunks":40,"chunkDelayMs":50,"chunkText":"tick "}' }],
    stream: true,
  });
  let text = "";
  const read = (async () => {
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
  })();
  await expect.poll(() => text).not.toBe("");
  const streaming = world.simulator.posts[0]?.account ?? "";
  const other = streaming === "alice" ? "bob" : "alice";
  const carol = { id: "carol", cookie: world.simulator.addAccount("carol") };
  // The one that answers is taken out too: it drains first.
  const changed = world.gateway.setAccounts([carol]);
  await expect.poll(() => stateOf(world, "carol")).toBe("ready");
  await expect.poll(() => stateOf(world, other)).toBeUndefined();
  await expect(world.ask("who?")).resolves.toBe("You said: who?");
  expect(world.simulator.posts.at(-1)?.account).toBe("carol");
  await read;
  expect(text).toBe("tick ".repeat(40));
  await changed;
  expect(world.gateway.pool.states.map(({ id }) => id)).toEqual(["carol"]);
});

test("an account that is taken out and put back goes on with its newest token, whatever its id is then", async () => {
  const simulator = { rotateEveryReplies: 1, replacedTokensInForce: 0 };
  await using world = await openWorld({ accounts: ["alice"], simulator });
  const cookie = world.cookies.get("alice") ?? "";
  await world.ask("one");
  await world.gateway.setAccounts([]);
  await world.gateway.setAccounts([{ id: "alice", cookie }]);
  await world.ask("two");
  // Renamed while it runs, by hand and by a restart.
  await world.gateway.setAccounts([{ id: "work", cookie }]);
  await world.ask("three");
  await world.restart({ GPTOMNI_CREDENTIALS: "" });
  await world.restart({ GPTOMNI_CREDENTIALS: "[]" });
  await world.restart({ GPTOMNI_CREDENTIALS: JSON.stringify([cookie]) });
  await world.ask("four");
  expect(world.gateway.pool.states.map(({ id }) => id)).toEqual([expect.stringMatching(/^account-[\da-z]{8}$/)]);
  expect(world.simulator.posts.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
});

test("an account that has no id is the same one wherever it stands in the list", async () => {
  const simulator = { rotateEveryReplies: 1, replacedTokensInForce: 0 };
  await using world = await openWorld({ accounts: ["alice", "bob", "carol"], simulator });
  const cookies = [...world.cookies.values()];
  await world.restart({ GPTOMNI_CREDENTIALS: JSON.stringify(cookies) });
  for (const word of ["one", "two", "three"]) await world.ask(word);
  await world.restart({ GPTOMNI_CREDENTIALS: JSON.stringify(cookies.slice(1).toReversed()) });
  for (const word of ["four", "five"]) await world.ask(word);
  await world.untilReady();
  expect(world.simulator.posts.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
});

test("an account that is taken out while it sleeps is no reason to be ready any more", async () => {
  await using world = await openWorld({ accounts: ["alice"], settings: { HIBERNATE_AFTER_SECONDS: "1" } });
  await expect.poll(() => stateOf(world, "alice")).toBe("idle");
  await world.gateway.setAccounts([]);
  expect((await fetch(`${world.gateway.url}/readyz`)).status).toBe(503);
  await expect(world.ask("anybody?")).rejects.toMatchObject({ status: 503, code: "no_usable_account" });
});
