import { expect, test, vi } from "vitest";
import { Arrivals } from "../../src/cluster/arrivals.ts";
import { LOCAL_CLOCK } from "../../src/store/database-clock.ts";
import { acquainted, held, refusal } from "./asking.ts";
import { echo, openCluster, type Cluster, type Replica, type Script } from "./replicas.ts";

const LIMIT_MS = 60_000;

/** Tells the others that it ends, and ends what it can. */
function drain(replica: Replica, signal = AbortSignal.timeout(LIMIT_MS)): Promise<void> {
  replica.peer = { ...replica.peer, isDraining: true };
  return replica.places.drain(signal);
}

async function move({ database }: Cluster, name: string, [from, to]: readonly [Replica, Replica]): Promise<void> {
  await from.pool.remove(name);
  database.byAccount.delete(name);
  await to.take(name);
}

function waits(replica: Replica, count = 1): Promise<void> {
  return expect.poll(() => replica.pool.waiting).toBe(count);
}

test("a request that comes before any replica has taken an account waits, and is answered", async () => {
  const cluster = await openCluster({ accounts: [[], []], unowned: ["alice"] });
  const [door, owner] = cluster.replicas;
  const asked = door.text("hello");
  await waits(door);
  expect(door.pool.queue).toMatchObject({ length: 1, estimatedWaitMs: expect.any(Number) });
  await owner.take("alice");
  expect(await asked).toBe("You said: hello");
  expect(cluster.posts).toEqual([{ account: "alice", prompt: "hello" }]);
});

test("what waits for such an account has the queue's limits: its length, its time, and the client that leaves", async () => {
  const unowned = ["alice"];
  const cluster = await openCluster({ accounts: [[], []], unowned, queueLimit: 1, timeoutMs: 10_000 });
  const [door, owner] = cluster.replicas;
  const client = new AbortController();
  const leaves = refusal(door.text("one", { signal: client.signal }));
  await waits(door);
  expect(await refusal(door.text("two"))).toMatchObject({
    code: "rate_limit_exceeded",
    retryAfterMs: expect.any(Number),
  });
  client.abort();
  await leaves;
  await waits(door, 0);
  const soon = { deadlineMs: performance.now() + 1_000 };
  expect(await refusal(door.text("three", { caller: soon }))).toMatchObject({
    code: "rate_limit_exceeded",
    estimatedWaitMs: expect.any(Number),
  });
  const asked = door.text("four");
  await owner.take("alice");
  expect(await asked).toBe("You said: four");
});

test("an account that needs a person is not waited for, nor one that is said to need one meanwhile", async () => {
  const cluster = await openCluster({ accounts: [[], []], unowned: ["alice", "bob"] });
  const [door] = cluster.replicas;
  cluster.database.failures.set("alice", { state: "expired", nextTryAt: Date.now() });
  const asked = refusal(door.text("hello"));
  await waits(door);
  cluster.database.failures.set("bob", { state: "disabled", nextTryAt: null });
  expect(await asked).toMatchObject({ code: "no_usable_account" });
  expect(await refusal(door.text("again"))).toMatchObject({ code: "no_usable_account" });
});

test("an account that its replica keeps and cannot use is not waited for", async () => {
  const cluster = await openCluster({ accounts: [[], ["alice"]] });
  await acquainted(cluster);
  const [door, owner] = cluster.replicas;
  await owner.pool.operator.disable("alice");
  await expect.poll(() => door.routing.outlooks()).toEqual([]);
  expect((await refusal(door.text("hello"))).code).toBe("no_usable_account");
  owner.pool.operator.enable("alice");
  await expect.poll(() => door.text("hello").catch(String)).toBe("You said: hello");
});

test("no account is waited for where no replica opens pages", async () => {
  const cluster = await openCluster({ accounts: [[], []], unowned: ["alice"] });
  const [door, other] = cluster.replicas;
  for (const replica of cluster.replicas) replica.peer = { ...replica.peer, weight: 0 };
  expect((await refusal(door.text("hello"))).code).toBe("no_usable_account");
  other.peer = { ...other.peer, weight: 10, isDraining: true };
  expect((await refusal(door.text("hello"))).code).toBe("no_usable_account");
});

test("requests that wait at a replica that ends are answered by whoever takes its accounts", async () => {
  const first = held();
  const script: Script = (...asked) => (asked[0] === "long" ? first.script(...asked) : echo(...asked));
  const cluster = await openCluster({ accounts: [["alice"], []], script });
  await acquainted(cluster);
  const [ending, other] = cluster.replicas;
  const long = ending.text("long");
  await expect.poll(() => cluster.posts.length).toBe(1);
  const waiting = [ending.text("here"), other.text("there")];
  await waits(ending, 2);
  const ended = drain(ending);
  await waits(ending, 1);
  first.release();
  expect(await long).toBe("You said: long");
  // One that comes on a connection from before.
  waiting.push(ending.text("late"));
  await waits(ending, 2);
  await move(cluster, "alice", [ending, other]);
  expect(await Promise.all(waiting)).toEqual(["here", "there", "late"].map((one) => `You said: ${one}`));
  await ended;
  expect((await refusal(ending.text("too late"))).code).toBe("server_shutting_down");
});

test("a replica that ends refuses what nobody else can answer, at once or when its time is over", async () => {
  const first = held();
  const cluster = await openCluster({ accounts: [["alice"], []], script: first.script });
  await acquainted(cluster);
  const [ending, other] = cluster.replicas;
  const long = ending.text("long");
  await expect.poll(() => cluster.posts.length).toBe(1);
  const waiting = refusal(ending.text("short"));
  await waits(ending);
  const limit = new AbortController();
  const ended = drain(ending, limit.signal);
  other.peer = { ...other.peer, weight: 0 };
  expect(await waiting).toMatchObject({ code: "server_shutting_down", retryAfterMs: expect.any(Number) });
  other.peer = { ...other.peer, weight: 10 };
  await expect.poll(() => ending.routing.arriving()).toHaveLength(1);
  const late = refusal(ending.text("late"));
  await waits(ending);
  limit.abort();
  expect(await late).toMatchObject({ code: "server_shutting_down", retryAfterMs: expect.any(Number) });
  await ended;
  first.release();
  await long;
});

test("an account is waited for as long as a take-over may take, and again when its owner is another one", () => {
  vi.useFakeTimers({ toFake: ["performance", "Date"] });
  const own = { weight: 1, isDraining: false };
  const owners = { byAccount: new Map([["alice", "lost"]]), failures: new Map() };
  const arrivals = new Arrivals({ own, peers: { all: [] }, owners, clock: LOCAL_CLOCK, usualSite: "first" });
  const alice = { key: "alice", id: "alice", account: { id: "alice", cookie: "" } };
  let where: "leaving" | undefined;
  const found = () => arrivals.of([alice], { whereabouts: () => where, rateLimit: undefined });
  expect(found()).toMatchObject([{ id: "alice", site: "first", dueMs: performance.now() + 10_000 }]);
  vi.advanceTimersByTime(30_000);
  expect(found()).toHaveLength(1);
  vi.advanceTimersByTime(1);
  expect(found()).toEqual([]);
  owners.byAccount.clear();
  expect(found()).toMatchObject([{ dueMs: performance.now() + 5_000 }]);
  vi.advanceTimersByTime(30_001);
  expect(found()).toEqual([]);
  // It answers a long request somewhere, and will come.
  where = "leaving";
  expect(found()).toHaveLength(1);
  vi.advanceTimersByTime(3_600_000);
  expect(found()).toHaveLength(1);
  vi.useRealTimers();
});
