import { expect, test } from "vitest";
import { GatewayError } from "../../src/errors.ts";
import { acquainted, held, refusal } from "./asking.ts";
import { echo, openCluster, type Script } from "./replicas.ts";

const hungUp = new GatewayError("client_closed", "The client has left.");

const endless: Script = async function* (_prompt, _account, signal) {
  for (let number = 0; ; number += 1) {
    signal.throwIfAborted();
    yield { type: "text-delta", text: `${number} `.padEnd(10_000, ".") };
    await new Promise((resolve) => void setImmediate(resolve));
  }
};

const counts: Script = async function* (prompt) {
  yield { type: "text-delta", text: String(prompt.length) };
};

test("a client that leaves while its request waits leaves every queue", async () => {
  const first = held();
  const cluster = await openCluster({ accounts: [["alice"], ["bob"], []], script: first.script });
  await acquainted(cluster);
  const [one, other, door] = cluster.replicas;
  const busy = [one.text("one"), other.text("two")];
  await expect.poll(() => cluster.posts.length).toBe(2);
  const client = new AbortController();
  const waiting = refusal(door.text("three", { signal: client.signal }));
  await expect.poll(() => cluster.replicas.map(({ pool }) => pool.waiting)).toEqual([1, 1, 1]);
  client.abort(hungUp);
  expect(await waiting).toBe(hungUp);
  await expect.poll(() => cluster.replicas.map(({ pool }) => pool.waiting)).toEqual([0, 0, 0]);
  first.release();
  await Promise.all(busy);
  expect(cluster.posts).toHaveLength(2);
});

test("a client that leaves before the first text frees another replica's account", async () => {
  const first = held();
  const cluster = await openCluster({ accounts: [[], ["alice"]], script: first.script });
  await acquainted(cluster);
  const [door, owner] = cluster.replicas;
  const client = new AbortController();
  const asked = refusal(door.text("one", { signal: client.signal }));
  await expect.poll(() => cluster.posts.length).toBe(1);
  client.abort(hungUp);
  expect(await asked).toBe(hungUp);
  await expect.poll(() => owner.pool.states[0]?.state).toBe("ready");
  first.release();
  expect(await door.text("two")).toBe("You said: two");
  expect(Object.fromEntries(door.routing.outcomes)).toEqual({ client_closed: 1, answered: 1 });
});

test("a reader that stops in the middle frees another replica's account", async () => {
  const cluster = await openCluster({ accounts: [[], ["alice"]], script: endless });
  await acquainted(cluster);
  const [door, owner] = cluster.replicas;
  let read = 0;
  for await (const part of door.ask("one")) {
    read += part.type === "text-delta" ? part.text.length : 0;
    if (read > 100_000) break;
  }
  await expect.poll(() => owner.pool.states[0]?.state).toBe("ready");
});

test("a slow reader holds another replica's site back, and no memory grows", async () => {
  let said = 0;
  const counted: Script = async function* (...asked) {
    for await (const part of endless(...asked)) {
      said += 1;
      yield part;
    }
  };
  const cluster = await openCluster({ accounts: [[], ["alice"]], script: counted });
  await acquainted(cluster);
  const reply = cluster.replicas[0].ask("one")[Symbol.asyncIterator]();
  await reply.next();
  // The site says no more once the connection's buffers are full.
  let before = -1;
  await expect.poll(() => [before, (before = said)].every((count, _, [first]) => count === first)).toBe(true);
  expect(said).toBeLessThan(5_000);
  for (let more = 0; more < 200; more += 1) await reply.next();
  await reply.return?.();
});

test("a prompt of the largest size passes, and one beyond it breaks nothing", async () => {
  const cluster = await openCluster({ accounts: [[], ["alice"]], script: counts, maxBodyBytes: 2_000_000 });
  await acquainted(cluster);
  const [door] = cluster.replicas;
  // Each of these is written as six bytes.
  const large = "\u0001".repeat(2_000_000);
  expect(await door.text(large)).toBe("2000000");
  expect((await refusal(door.text("x".repeat(14_000_000)))).code).toBe("request_too_large");
  expect(await door.text("small")).toBe("5");
});

test("a replica that stops lets an answer for another door end, and gives nobody a new account", async () => {
  const first = held();
  const script: Script = (...asked) => (asked[0] === "long" ? first.script(...asked) : echo(...asked));
  const cluster = await openCluster({ accounts: [[], ["alice"], ["bob"]], script });
  await acquainted(cluster);
  const [door, owner] = cluster.replicas;
  const long = door.text("long");
  await expect.poll(() => cluster.posts.length).toBe(1);
  const stopping =
    [owner, ...cluster.replicas].find(({ pool }) => pool.states.some(({ isLeased }) => isLeased)) ?? owner;
  const stopped = stopping.places.drain(AbortSignal.timeout(60_000));
  await expect.poll(() => door.routing.outlooks()).toHaveLength(1);
  expect(await door.text("short")).toBe("You said: short");
  first.release();
  expect(await long).toBe("You said: long");
  await stopped;
});

test("a door that stops waits for the answers that others give its clients, also for those that still wait", async () => {
  const first = held();
  const cluster = await openCluster({ accounts: [[], ["alice"]], script: first.script });
  await acquainted(cluster);
  const [door] = cluster.replicas;
  const long = door.text("long");
  await expect.poll(() => cluster.posts.length).toBe(1);
  const waiting = door.text("short");
  await expect.poll(() => door.pool.waiting).toBe(1);
  let isStopped = false;
  const stopped = door.places.drain(AbortSignal.timeout(60_000)).then(() => (isStopped = true));
  await expect.poll(() => door.pool.readiness.reasons).toEqual(["shutting down"]);
  first.release();
  expect(await long).toBe("You said: long");
  expect(isStopped).toBe(false);
  expect(await waiting).toBe("You said: short");
  await stopped;
});
