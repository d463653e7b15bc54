import { expect, test } from "vitest";
import { acquainted, held, refusal } from "./asking.ts";
import { openCluster, type Script } from "./replicas.ts";

/** Long enough for a busy machine, and short enough to wait for. */
const SILENT_MS = 1_500;

const beginsAndHangs: Script = async function* (_prompt, _account, signal) {
  yield { type: "text-delta", text: "You" };
  await new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
};

test("a replica that is frozen after it gave an account costs nothing but time: nothing was sent, so another answers", async () => {
  const cluster = await openCluster({ accounts: [[], ["alice"], ["bob"]], silentMs: SILENT_MS });
  await acquainted(cluster);
  const [door, frozen] = cluster.replicas;
  frozen.wire.stallAt('"grant"');
  const reply = door.ask("hello");
  await Array.fromAsync(reply);
  expect(reply.progress).toMatchObject({ accountId: "bob", attempts: 2 });
  expect(cluster.posts).toEqual([{ account: "bob", prompt: "hello" }]);
});

test("a replica that is frozen after it sent the prompt ends the request, and nobody asks again", async () => {
  const first = held();
  const accounts = [[], ["alice"], ["bob"]];
  const cluster = await openCluster({ accounts, script: first.script, silentMs: SILENT_MS });
  await acquainted(cluster);
  const [door, frozen] = cluster.replicas;
  frozen.wire.stallAt('"attempt"');
  expect(await refusal(door.text("hello"))).toMatchObject({ code: "replica_lost" });
  expect(cluster.posts).toHaveLength(1);
  first.release();
});

test("a replica that is killed in the middle of an answer ends it with an error, and the door serves on", async () => {
  const accounts = [[], ["alice"], ["bob"]];
  const cluster = await openCluster({ accounts, script: beginsAndHangs, silentMs: SILENT_MS });
  await acquainted(cluster);
  const [door, owner] = cluster.replicas;
  const parts: string[] = [];
  const reading = (async () => {
    for await (const part of door.ask("hello")) parts.push(part.type);
  })();
  await expect.poll(() => parts).toEqual(["text-delta"]);
  await owner.kill();
  expect(await refusal(reading)).toMatchObject({ code: "replica_lost" });
  expect(door.routing.outcomes.get("replica_lost")).toBe(1);
  await expect.poll(() => door.routing.outlooks().map(({ id }) => id)).toEqual(["bob"]);
});

test("what a door has asked ends with the door: its waiting requests leave, and its account serves others", async () => {
  const first = held();
  const cluster = await openCluster({ accounts: [[], ["alice"]], script: first.script });
  await acquainted(cluster);
  const [door, owner] = cluster.replicas;
  const asked = [refusal(door.text("one")), refusal(door.text("two"))];
  await expect.poll(() => [cluster.posts.length, owner.pool.waiting]).toEqual([1, 1]);
  await door.kill();
  owner.wire.cut();
  await expect.poll(() => owner.pool.waiting).toBe(0);
  await expect.poll(() => owner.pool.states[0]?.state).toBe("ready");
  first.release();
  expect(await owner.text("three")).toBe("You said: three");
  expect((await asked[0])?.code).toBe("replica_lost");
});

test("a door that is frozen holds no account of others for long", async () => {
  const cluster = await openCluster({ accounts: [[], ["alice"]], script: beginsAndHangs, silentMs: SILENT_MS });
  await acquainted(cluster);
  const [door, owner] = cluster.replicas;
  const asked = [refusal(door.text("one")), refusal(door.text("two"))];
  await expect.poll(() => [cluster.posts.length, owner.pool.waiting]).toEqual([1, 1]);
  owner.wire.stall();
  await expect.poll(() => owner.pool.waiting).toBe(0);
  await expect.poll(() => owner.pool.states[0]?.state).toBe("ready");
  expect((await asked[0])?.code).toBe("replica_lost");
  owner.wire.pass();
  await expect.poll(() => cluster.posts.length).toBe(2);
  await door.kill();
  owner.wire.cut();
  await asked[1];
});

test("a request that waits at a lost replica is answered by another one, and knows of one that comes", async () => {
  const first = held();
  const cluster = await openCluster({ accounts: [[], ["alice"], ["bob"]], script: first.script });
  await acquainted(cluster);
  const [door, lost, other] = cluster.replicas;
  const busy = [lost.text("one"), other.text("two")];
  await expect.poll(() => cluster.posts.length).toBe(2);
  const waiting = door.text("three");
  await expect.poll(() => [lost, other].map(({ pool }) => pool.waiting)).toEqual([1, 1]);
  lost.wire.cut();
  await expect.poll(() => lost.pool.waiting).toBe(0);
  // It answers again, so the request waits there again.
  await expect.poll(() => lost.pool.waiting).toBe(1);
  await lost.kill();
  first.release();
  expect(await waiting).toBe("You said: three");
  await Promise.all(busy);
});
