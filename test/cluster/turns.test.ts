import { expect, onTestFinished, test } from "vitest";
import { PROOF_LASTS_MS } from "../../src/cluster/fence.ts";
import { GatewayError } from "../../src/errors.ts";
import { freshDatabase } from "../support/shared-postgres.ts";
import { accountsOf, Replica, STORED, identityOf } from "./replica.ts";
import { Client } from "pg";

async function start(databaseUrl: string, count = 3): Promise<Replica> {
  const replica = await Replica.start({ databaseUrl }, accountsOf(count));
  onTestFinished(() => replica[Symbol.asyncDispose]());
  return replica;
}

/** As another replica does that took the account. */
async function takeFrom(databaseUrl: string, accountId: string): Promise<void> {
  await query(databaseUrl, `UPDATE account_owner SET epoch = epoch + 1, owner = 'another' WHERE id = '${accountId}'`);
}

async function query(connectionString: string, text: string): Promise<readonly Record<string, unknown>[]> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

const LOST: unknown = expect.objectContaining({ code: "ownership_lost" });

test("no prompt is sent with an account that another replica has taken", async () => {
  const databaseUrl = await freshDatabase();
  const replica = await start(databaseUrl);
  await takeFrom(databaseUrl, "account-1");
  await expect(replica.ask("account-1")).rejects.toEqual(LOST);
  await expect(replica.ask("account-1")).rejects.toBeInstanceOf(GatewayError);
  const { turn } = await replica.ask("account-2");
  expect(turn.signal.aborted).toBe(false);
});

test("a prompt ends when another replica takes its account", async () => {
  const databaseUrl = await freshDatabase();
  const replica = await start(databaseUrl);
  const [taken, kept] = [await replica.ask("account-1"), await replica.ask("account-2")];
  await takeFrom(databaseUrl, "account-1");
  await expect.poll(() => taken.turn.signal.aborted).toBe(true);
  expect(kept.turn.signal.aborted).toBe(false);
});

test("a prompt that runs may go on for longer with each heartbeat", async () => {
  const replica = await start(await freshDatabase());
  const { turn } = await replica.ask("account-1");
  const first = turn.untilMs;
  let extensions = 0;
  using _watch = turn.watch(() => (extensions += 1));
  await expect.poll(() => extensions).toBeGreaterThan(1);
  expect(turn.untilMs).toBeGreaterThan(first);
});

test("every replica can tell whether a prompt was sent", async () => {
  const databaseUrl = await freshDatabase();
  const [replica, door] = [await start(databaseUrl), await Replica.start({ databaseUrl, weight: 0 }, accountsOf(3))];
  onTestFinished(() => door[Symbol.asyncDispose]());
  const { finish } = await replica.ask("account-1", "sent");
  finish();
  const { finish: finishNext } = await replica.ask("account-1", "sent next");
  finishNext();
  expect(await door.cluster.turns.wasSent("sent")).toBe(true);
  expect(await door.cluster.turns.wasSent("sent next")).toBe(true);
  expect(await door.cluster.turns.wasSent("unknown")).toBe(false);
});

test("a prompt that was asked about before it was sent is never sent", async () => {
  const databaseUrl = await freshDatabase();
  const replica = await start(databaseUrl);
  expect(await replica.cluster.turns.wasSent("late")).toBe(false);
  await expect(replica.ask("account-1", "late")).rejects.toEqual(LOST);
  expect(await replica.cluster.turns.wasSent("late")).toBe(false);
  // The account is free for others.
  (await replica.ask("account-1", "other")).finish();
});

test("what a former owner knows does not overwrite what was stored since", async () => {
  const databaseUrl = await freshDatabase();
  const replica = await start(databaseUrl);
  const account = replica.account("account-1");
  expect(await replica.save(account, { cookies: '["first"]' })).toBe(true);
  expect(await replica.save(account, { cookies: '["second"]' })).toBe(true);
  await takeFrom(databaseUrl, "account-1");
  expect(await replica.save(account, { cookies: '["late"]' })).toBe(false);
  expect(await replica.store.accounts.load(identityOf(account))).toMatchObject({ cookies: '["second"]' });
  expect(await replica.save(replica.account("account-2"), STORED)).toBe(true);
});

test("an account's last prompt counts although its owner died before it was stored", async () => {
  const databaseUrl = await freshDatabase();
  const replica = await start(databaseUrl);
  const account = replica.account("account-1");
  const before = Date.now() - 60_000;
  await replica.save(account, { sentAt: [before] });
  expect(await replica.store.accounts.sentAt(identityOf(account))).toHaveLength(1);
  const askedAt = Date.now();
  (await replica.ask("account-1")).finish();
  const endedAt = Date.now();
  const [first = 0, second = 0, ...more] = await replica.store.accounts.sentAt(identityOf(account));
  expect([first, more]).toEqual([before, []]);
  // So far off may the replica know the database's clock: a heartbeat that takes longer is no measurement.
  expect(second).toBeGreaterThan(askedAt - PROOF_LASTS_MS);
  expect(second).toBeLessThan(endedAt + PROOF_LASTS_MS);
  await replica.save(account, { sentAt: [before, Date.now()] });
  expect(await replica.store.accounts.sentAt(identityOf(account))).toHaveLength(2);
});
