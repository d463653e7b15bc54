import { describe, expect, onTestFinished, test } from "vitest";
import { openStore } from "../../src/store/store.ts";
import { accountsOf, Replica } from "../cluster/replica.ts";
import { SECRET_KEY } from "../support/engines.ts";
import { freshDatabase } from "../support/shared-postgres.ts";
import { PgBouncer } from "./pgbouncer.ts";

const ACCOUNTS = accountsOf(6);
const MODES = ["session", "transaction", "statement"] as const;

async function behind(mode: (typeof MODES)[number]) {
  const direct = await freshDatabase();
  const bouncer = await PgBouncer.start(direct, mode);
  onTestFinished(() => bouncer[Symbol.asyncDispose]());
  return { direct, pooled: bouncer.through(direct) };
}

/** Whether two replicas share the accounts, and one that has some can ask. */
async function areShared(options: { readonly databaseUrl: string; readonly directUrl?: string }): Promise<boolean> {
  await using one = await Replica.start(options, ACCOUNTS);
  await using other = await Replica.start(options, ACCOUNTS);
  await expect.poll(() => [...one.ids, ...other.ids].toSorted()).toEqual(ACCOUNTS.map(({ id }) => id));
  await expect.poll(() => other.ids.length).toBeGreaterThan(0);
  const prompt = await other.ask(other.ids[0] ?? "");
  prompt.finish();
  return ![...one.logged, ...other.logged].some((line) => line.includes("was lost"));
}

describe("behind PgBouncer", () => {
  test("in session mode, replicas share the accounts", async () => {
    const { pooled } = await behind("session");
    expect(await areShared({ databaseUrl: pooled })).toBe(true);
  });

  test("in transaction mode, a replica is refused by name", async () => {
    const { pooled } = await behind("transaction");
    await expect(Replica.open({ databaseUrl: pooled })).rejects.toMatchObject({
      code: "store_pooled",
      message: expect.stringContaining("Name PostgreSQL itself in DATABASE_DIRECT_URL.") as unknown,
    });
  });

  test("in transaction mode, replicas that know PostgreSQL itself share the accounts", async () => {
    const { direct, pooled } = await behind("transaction");
    expect(await areShared({ databaseUrl: pooled, directUrl: direct })).toBe(true);
  });

  test("in transaction mode, replicas that start together make the tables one after the other", async () => {
    const { direct, pooled } = await behind("transaction");
    const options = { stateDir: "/dev/null", secretKey: SECRET_KEY, databaseUrl: pooled, directUrl: direct };
    const stores = await Promise.all(Array.from({ length: 5 }, () => openStore(options)));
    for (const store of stores) await store[Symbol.asyncDispose]();
    await using later = await openStore(options);
    await expect(later.assertWritable()).resolves.toBeUndefined();
  });

  test("in statement mode, a replica is refused by name, whether it knows PostgreSQL itself or not", async () => {
    const { direct, pooled } = await behind("statement");
    for (const directUrl of [undefined, direct]) {
      await expect(Replica.open({ databaseUrl: pooled, directUrl })).rejects.toMatchObject({
        code: "store_pooled",
        message: expect.stringMatching(/statement pooling mode.*or name PostgreSQL itself in DATABASE_URL/) as unknown,
      });
    }
  });
});
