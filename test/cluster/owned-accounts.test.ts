import { expect, onTestFinished, test } from "vitest";
import { freshDatabase } from "../support/shared-postgres.ts";
import { accountsOf, Replica, type ReplicaOptions } from "./replica.ts";

async function start(options: ReplicaOptions, accounts = accountsOf(12)): Promise<Replica> {
  const replica = await Replica.start(options, accounts);
  onTestFinished(() => replica[Symbol.asyncDispose]());
  return replica;
}

function idsOf(...replicas: readonly Replica[]): string[] {
  return replicas.flatMap(({ ids }) => ids).toSorted();
}

const ALL = accountsOf(12)
  .map(({ id }) => id)
  .toSorted();

test("replicas share the accounts, and none has two of them", async () => {
  const databaseUrl = await freshDatabase();
  const first = await start({ databaseUrl });
  expect(first.ids).toEqual(ALL);
  const second = await start({ databaseUrl });
  await expect.poll(() => second.ids.length).toBeGreaterThan(0);
  await expect.poll(() => idsOf(first, second)).toEqual(ALL);
  const third = await start({ databaseUrl });
  await expect.poll(() => idsOf(first, second, third)).toEqual(ALL);
  await expect.poll(() => [first, second, third].every(({ ids }) => ids.length > 0)).toBe(true);
  for (const id of first.ids) expect(second.cluster.ownerOf(id)).toBe(first.cluster.replicaId);
});

test("a replica that ends leaves its accounts to the others at once", async () => {
  const databaseUrl = await freshDatabase();
  const first = await start({ databaseUrl });
  const second = await start({ databaseUrl });
  await expect.poll(() => idsOf(first, second)).toEqual(ALL);
  await second.cluster.drain(AbortSignal.timeout(60_000));
  expect(second.ids).toEqual([]);
  await expect.poll(() => first.ids).toEqual(ALL);
  await second.cluster[Symbol.asyncDispose]();
  await expect.poll(() => first.cluster.peers).toEqual([]);
});

test("an account that answers moves once its answer is over, and the replica that gets it is ready then", async () => {
  const databaseUrl = await freshDatabase();
  const first = await start({ databaseUrl });
  const prompts = await Promise.all(first.ids.map((id) => first.ask(id)));
  const second = await start({ databaseUrl });
  await expect.poll(() => first.ids.length).toBeLessThan(ALL.length);
  const moving = ALL.filter((id) => !first.ids.includes(id));
  expect([second.ids, second.cluster.isJoining, first.cluster.isJoining]).toEqual([[], true, false]);
  for (const prompt of prompts) prompt.finish();
  await expect.poll(() => second.ids).toEqual(moving);
  expect(idsOf(first, second)).toEqual(ALL);
  expect(second.cluster.isJoining).toBe(false);
});

test("a replica without pages has no accounts", async () => {
  const databaseUrl = await freshDatabase();
  const door = await start({ databaseUrl, weight: 0 });
  expect(door.ids).toEqual([]);
  const other = await start({ databaseUrl });
  expect(other.ids).toEqual(ALL);
  await expect.poll(() => door.cluster.ownerOf("account-3")).toBe(other.cluster.replicaId);
  expect(door.ids).toEqual([]);
});

test("accounts that change replicas are on their way, but for those that need a person", async () => {
  const databaseUrl = await freshDatabase();
  const door = await start({ databaseUrl, weight: 0 });
  const sought = { whereabouts: () => undefined, rateLimit: undefined };
  const arriving = (): string[] =>
    door.cluster
      .arriving(sought)
      .map(({ id }) => id)
      .toSorted();
  expect(arriving()).toEqual([]);
  const first = await start({ databaseUrl });
  await expect.poll(arriving).toEqual(ALL);
  await first.save(first.account("account-3"), { state: "disabled" });
  await first.cluster.drain(AbortSignal.timeout(60_000));
  // Nobody can take them.
  await expect.poll(arriving).toEqual([]);
  await start({ databaseUrl });
  await expect.poll(arriving).toEqual(ALL.filter((id) => id !== "account-3"));
});
