import { expect, test } from "vitest";
import { Client } from "pg";
import { freshDatabase } from "../support/shared-postgres.ts";
import { accountsOf, Replica } from "./replica.ts";

const ACCOUNTS = accountsOf(4);
/** What a server's operator may have set. */
const SETTINGS = [
  "DateStyle = 'German, DMY'",
  "TimeZone = 'Asia/Kolkata'",
  "IntervalStyle = 'sql_standard'",
  "bytea_output = 'escape'",
  "statement_timeout = '2s'",
  "lock_timeout = '2s'",
  "idle_session_timeout = '500ms'",
  "idle_in_transaction_session_timeout = '2s'",
  "default_transaction_isolation = 'serializable'",
];

test("replicas share the accounts whatever the database's own settings are", async () => {
  const databaseUrl = await freshDatabase();
  const name = new URL(databaseUrl).pathname.slice(1);
  const operator = new Client({ connectionString: databaseUrl });
  await operator.connect();
  for (const setting of SETTINGS) await operator.query(`ALTER DATABASE ${name} SET ${setting}`);
  await operator.end();

  await using one = await Replica.start({ databaseUrl }, ACCOUNTS);
  await using other = await Replica.start({ databaseUrl }, ACCOUNTS);
  await expect.poll(() => other.ids.length).toBeGreaterThan(0);
  await expect.poll(() => [...one.ids, ...other.ids].toSorted()).toEqual(ACCOUNTS.map(({ id }) => id));
  expect(one.cluster.peers).toMatchObject([{ id: other.cluster.replicaId, isLive: true }]);
  await Promise.all(
    [one, other].flatMap((replica) =>
      replica.ids.map(async (id) => {
        const prompt = await replica.ask(id);
        expect(await replica.save(replica.account(id))).toBe(true);
        prompt.finish();
      }),
    ),
  );
  // Silent for longer than a session may be idle: the database keeps it all the same.
  const { peers } = one.cluster;
  for (let beat = 0; beat < 3; beat += 1) await expect.poll(() => one.cluster.peers).not.toBe(peers);
  expect([...one.logged, ...other.logged].filter((line) => line.includes("lost"))).toEqual([]);
});
