import { expect, onTestFinished, test } from "vitest";
import { Kysely, PostgresDialect } from "kysely";
import type { Anchor } from "../../src/cluster/anchor.ts";
import { claim } from "../../src/cluster/claims.ts";
import { PROOF_LASTS_MS } from "../../src/cluster/fence.ts";
import type { Locks } from "../../src/cluster/locks.ts";
import type { AccountName } from "../../src/store/account-name.ts";
import { whileOwned } from "../../src/store/account-owner.ts";
import type { AccountRow } from "../../src/store/account-row.ts";
import { postgresPool } from "../../src/store/postgres-pool.ts";
import type { Schema } from "../../src/store/schema.ts";
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

const ROW: AccountRow = {
  key: "",
  id: "account-1",
  configured: "",
  cookies: "",
  state: "idle",
  reason: "",
  since: 0,
  next_try_at: null,
  failures_in_a_row: 0,
  sent_at: "[]",
  source: "settings",
};

/** A session that waits for rows as long as it takes, and asks for no lock of an account. */
function takerBy(client: Client) {
  const anchor = {
    query: async (text: string, values: unknown[]) => (await client.query<Record<string, unknown>>(text, values)).rows,
  };
  const locks = { take: async (wanted: readonly AccountName[]) => wanted };
  return { anchor: anchor as unknown as Anchor, locks: locks as unknown as Locks };
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
  const kept = replica.account("account-2");
  expect(await replica.save(kept, STORED)).toBe(true);
  // Nor together with accounts that are still this replica's.
  const late = [account, kept].map((one) => ({ account: identityOf(one), stored: { ...STORED, cookies: '["late"]' } }));
  expect(await replica.store.accounts.saveAll(late)).toEqual([identityOf(account)]);
  const recalled = await replica.store.accounts.recall([account, kept].map(identityOf));
  expect(recalled.map(({ stored }) => stored)).toMatchObject([{ cookies: '["second"]' }, { cookies: '["late"]' }]);
});

test("an account's last prompt counts although its owner died before it was stored", async () => {
  const databaseUrl = await freshDatabase();
  const replica = await start(databaseUrl);
  const account = replica.account("account-1");
  const before = Date.now() - 60_000;
  await replica.save(account, { sentAt: [before] });
  const sentAt = async (): Promise<readonly number[]> =>
    (await replica.store.accounts.recall([identityOf(account)]))[0]?.sentAt ?? [];
  expect(await sentAt()).toHaveLength(1);
  const askedAt = Date.now();
  (await replica.ask("account-1")).finish();
  const endedAt = Date.now();
  const [first = 0, second = 0, ...more] = await sentAt();
  expect([first, more]).toEqual([before, []]);
  // So far off may the replica know the database's clock: a heartbeat that takes longer is no measurement.
  expect(second).toBeGreaterThan(askedAt - PROOF_LASTS_MS);
  expect(second).toBeLessThan(endedAt + PROOF_LASTS_MS);
  await replica.save(account, { sentAt: [before, Date.now()] });
  expect(await sentAt()).toHaveLength(2);
});

test("prompts at the same time share their commits, and each gets its own answer", async () => {
  const databaseUrl = await freshDatabase();
  const replica = await start(databaseUrl, 20);
  await takeFrom(databaseUrl, "account-7");
  const asked = await Promise.allSettled(replica.ids.map((id) => replica.ask(id, `of ${id}`)));
  expect(replica.ids.filter((_, index) => asked[index]?.status === "rejected")).toEqual(["account-7"]);
  // A transaction has one number in all rows that it wrote.
  const commits = await query(databaseUrl, "SELECT DISTINCT xmin::text FROM turn");
  expect(commits.length).toBeLessThanOrEqual(2);
  const announced = await query(databaseUrl, "SELECT id FROM turn");
  expect(announced).toHaveLength(19);
  for (const one of asked) if (one.status === "fulfilled") one.value.finish();
  const running = async (): Promise<unknown> =>
    (await query(databaseUrl, "SELECT count(turn_until)::int AS running FROM account_owner"))[0]?.["running"];
  await expect.poll(running).toBe(0);
});

test("the next prompt of an account takes the place of one that has ended", async () => {
  const databaseUrl = await freshDatabase();
  const replica = await start(databaseUrl);
  for (const turnId of ["first", "second", "third"]) {
    (await replica.ask("account-1", turnId)).finish();
    await replica.ask("account-2", `${turnId} of another`);
  }
  const last = await replica.ask("account-1", "last");
  const rows = (): Promise<unknown> =>
    query(
      databaseUrl,
      "SELECT turn_request, turn, turn_until IS NULL AS over FROM account_owner WHERE id = 'account-1'",
    );
  expect(await rows()).toEqual([{ turn_request: "last", turn: "4", over: false }]);
  last.finish();
  await expect.poll(rows).toEqual([{ turn_request: "last", turn: "4", over: true }]);
});

test("an account that is given up right after an answer is free at once", async () => {
  const databaseUrl = await freshDatabase();
  const replica = await start(databaseUrl);
  (await replica.ask("account-1")).finish();
  await replica.use([]);
  await expect
    .poll(() => query(databaseUrl, "SELECT turn_until FROM account_owner WHERE owner IS NULL AND id = 'account-1'"))
    .toEqual([{ turn_until: null }]);
});

test("while a state is being stored, its owner announces prompts, and nobody takes the account", async () => {
  const databaseUrl = await freshDatabase();
  const replica = await start(databaseUrl);
  const rows = await query(databaseUrl, "SELECT key, id FROM account_owner WHERE id = 'account-1'");
  const name = { key: String(rows[0]?.["key"]), id: "account-1" };
  const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: postgresPool({ databaseUrl }) }) });
  const taker = new Client({ connectionString: databaseUrl });
  onTestFinished(async () => void (await Promise.all([db.destroy(), taker.end()])));
  await taker.connect();
  const isWaiting = (): Promise<unknown> =>
    query(databaseUrl, "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%claimed%'");
  let taking: ReturnType<typeof claim> | undefined;
  await db.transaction().execute(async (storing) => {
    const stored = whileOwned([
      { row: { ...ROW, key: name.key }, epoch: replica.account("account-1").hold?.epoch ?? 0 },
    ]);
    expect((await stored.execute(storing)).rows).toHaveLength(1);
    (await replica.ask("account-1")).finish();
    taking = claim(takerBy(taker), "another", [name]);
    await expect.poll(isWaiting).toHaveLength(1);
  });
  expect([...((await taking)?.keys() ?? [])]).toEqual([name.key]);
});
