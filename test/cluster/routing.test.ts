import { expect, test } from "vitest";
import { GatewayError } from "../../src/errors.ts";
import { acquainted, held, refusal } from "./asking.ts";
import { echo, openCluster, type Script } from "./replicas.ts";

const failsButForCarol: Script = async function* (prompt, account) {
  if (account !== "carol") throw new GatewayError("site_failed", "The site failed.");
  yield* echo(prompt, account, new AbortController().signal);
};

const failsInTheMiddle: Script = async function* () {
  yield { type: "text-delta", text: "You" };
  throw new GatewayError("site_failed", "The site failed in the middle.", { retryAfterMs: 7_000 });
};

test("a request at a door that owns nothing is answered by another replica's account", async () => {
  const cluster = await openCluster({ accounts: [[], ["alice"]] });
  const [door, owner] = cluster.replicas;
  await acquainted(cluster);
  const reply = door.ask("hello");
  expect(await Array.fromAsync(reply)).toEqual([
    { type: "text-delta", text: "You said: hello" },
    { type: "end", finishReason: "stop" },
  ]);
  expect(reply.progress).toMatchObject({ accountId: "alice", replicaId: owner.id, attempts: 1 });
  expect(reply.progress.leaseMs).toBeGreaterThanOrEqual(0);
  expect(cluster.posts).toEqual([{ account: "alice", prompt: "hello" }]);
  expect([...door.routing.outcomes]).toEqual([["answered", 1]]);
});

test("a request whose own replica has an account ready is asked of no other", async () => {
  const cluster = await openCluster({ accounts: [["alice"], ["bob"]] });
  await acquainted(cluster);
  for (const prompt of ["one", "two", "three"]) await cluster.replicas[0].text(prompt);
  expect(cluster.posts.map(({ account }) => account)).toEqual(["alice", "alice", "alice"]);
  expect([...cluster.replicas[0].routing.outcomes]).toEqual([]);
});

test("a request waits at every replica, and the first account that is free answers it", async () => {
  const first = held();
  const script: Script = (...asked) => (asked[0] === "long" ? first.script(...asked) : echo(...asked));
  const cluster = await openCluster({ accounts: [["alice"], ["bob"], []], script });
  await acquainted(cluster);
  const [one, other, door] = cluster.replicas;
  const busy = [one.text("long"), other.text("long")];
  await expect.poll(() => cluster.posts.length).toBe(2);
  const waiting = door.text("short");
  await expect.poll(() => [one, other, door].map((replica) => replica.pool.waiting)).toEqual([1, 1, 1]);
  first.release();
  expect(await waiting).toBe("You said: short");
  await Promise.all(busy);
  await expect.poll(() => [one, other, door].map((replica) => replica.pool.waiting)).toEqual([0, 0, 0]);
  expect(cluster.posts).toHaveLength(3);
});

test("an account that is given in vain is ready again at once, and nothing of its rate limit is used", async () => {
  const first = held();
  const script: Script = (...asked) => (asked[0] === "long" ? first.script(...asked) : echo(...asked));
  const rateLimit = { count: 2, windowMs: 3_600_000 };
  const cluster = await openCluster({ accounts: [["alice"], ["bob"], []], script, rateLimit });
  await acquainted(cluster);
  const [one, other, door] = cluster.replicas;
  const busy = [one.text("long"), other.text("long")];
  await expect.poll(() => cluster.posts.length).toBe(2);
  const waiting = door.text("short");
  await expect.poll(() => door.pool.waiting).toBe(1);
  await expect.poll(() => [one, other].map((replica) => replica.pool.waiting)).toEqual([1, 1]);
  // Both become free in the same turn of the loop, so both are given.
  first.release();
  await Promise.all([...busy, waiting]);
  const used = (): number =>
    [one, other].flatMap((replica) => replica.pool.states ?? []).reduce((sum, { pace }) => sum + (pace?.used ?? 0), 0);
  await expect.poll(used).toBe(3);
  expect(await other.text("last")).toBe("You said: last");
  expect(cluster.posts).toHaveLength(4);
});

test("keys take turns over all doors", async () => {
  const first = held();
  const script: Script = (...asked) => (asked[0] === "long" ? first.script(...asked) : echo(...asked));
  const cluster = await openCluster({ accounts: [["alice"], [], []], script });
  await acquainted(cluster);
  const [owner, left, right] = cluster.replicas;
  const asked = [owner.text("long")];
  await expect.poll(() => cluster.posts.length).toBe(1);
  // Anna fills one door before Ben comes to another.
  for (const [index, name] of ["anna 1", "anna 2", "anna 3", "ben 1", "ben 2"].entries()) {
    const door = name.startsWith("anna") ? left : right;
    asked.push(door.text(name, { caller: { keyId: name.slice(0, 4) } }));
    await expect.poll(() => owner.pool.waiting).toBe(index + 1);
  }
  const background = left.text("title", { caller: { keyId: "carl", isBackground: true } });
  await expect.poll(() => owner.pool.waiting).toBe(6);
  first.release();
  await Promise.all([...asked, background]);
  const served = cluster.posts.map(({ prompt }) => prompt);
  expect(served).toEqual(["long", "anna 1", "ben 1", "anna 2", "ben 2", "anna 3", "title"]);
});

test("a failed account is not asked again, whichever replica has it", async () => {
  const cluster = await openCluster({ accounts: [["alice"], ["bob"], ["carol"]], script: failsButForCarol });
  await acquainted(cluster);
  const reply = cluster.replicas[0].ask("hello");
  await Array.fromAsync(reply);
  expect(reply.progress).toMatchObject({ accountId: "carol", attempts: cluster.posts.length });
  const asked = cluster.posts.map(({ account }) => account);
  expect(new Set(asked).size).toBe(asked.length);
});

test("a failure after the first text keeps its code and is not repeated", async () => {
  const cluster = await openCluster({ accounts: [[], ["alice"]], script: failsInTheMiddle });
  await acquainted(cluster);
  const error = await refusal(cluster.replicas[0].text("hello"));
  expect(error).toMatchObject({ code: "site_failed", message: "The site failed in the middle.", retryAfterMs: 7_000 });
  expect(cluster.posts).toHaveLength(1);
});

test("a door without any account in the cluster says so", async () => {
  const cluster = await openCluster({ accounts: [[], []] });
  expect((await refusal(cluster.replicas[0].text("hello"))).code).toBe("no_usable_account");
});

test("one request wakes one sleeping page of the cluster", async () => {
  const names = ["alice", "bob", "carol", "dora"];
  const accounts = [[], names.slice(0, 2), names.slice(2)];
  const cluster = await openCluster({ accounts, asleep: names });
  const states = () => cluster.replicas.flatMap(({ routing }) => routing.outlooks().map(({ state }) => state));
  await expect.poll(states).toEqual(Array.from({ length: 8 }, () => "idle"));
  cluster.opened.length = 0;
  await cluster.replicas[0].text("hello");
  expect(cluster.opened).toHaveLength(1);
});

test("no page is woken where another replica has an account ready", async () => {
  const cluster = await openCluster({ accounts: [["alice"], ["bob"]], asleep: ["alice"] });
  const [door] = cluster.replicas;
  await expect.poll(() => door.pool.states[0]?.state).toBe("idle");
  await expect.poll(() => door.routing.outlooks()[0]?.state).toBe("ready");
  cluster.opened.length = 0;
  const reply = door.ask("hello");
  await Array.fromAsync(reply);
  expect(reply.progress.accountId).toBe("bob");
  expect(cluster.opened).toEqual([]);
});

test("replicas of another protocol are not asked", async () => {
  const cluster = await openCluster({ accounts: [[], ["alice"]] });
  await acquainted(cluster);
  const [door, owner] = cluster.replicas;
  if (owner) owner.peer = { ...owner.peer, protocol: owner.peer.protocol + 1 };
  await expect.poll(() => door.routing.outlooks()).toEqual([]);
  expect((await refusal(door.text("hello"))).code).toBe("no_usable_account");
});
