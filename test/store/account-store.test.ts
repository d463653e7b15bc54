import { describe, expect, test } from "vitest";
import { ACCOUNTS_AT_ONCE } from "../../src/store/stored-account.ts";
import { StoreError } from "../../src/store/store-error.ts";
import { ENGINES, storePlace, type StorePlace } from "../support/engines.ts";
import { account, configured, stored } from "../support/stored-account.ts";

const otherSecretKey = "another secret key of thirty-two bytes";

/** Replicas know the database's clock as exactly as the machine is idle. */
const near = (at: number): unknown => expect.closeTo(at, -3);
const asSaved = {
  ...stored,
  since: near(stored.since),
  nextTryAt: near(stored.nextTryAt ?? 0),
  sentAt: stored.sentAt.map(near),
  isConfiguredAnew: false,
};

/** A place in which these accounts are stored. */
async function saved(engine: StorePlace["engine"], ...ids: readonly string[]): Promise<StorePlace> {
  const place = await storePlace(engine);
  await using store = await place.open();
  for (const id of ids) await store.accounts.save(account(id), { ...stored, reason: `${id} was stored.` });
  return place;
}

function days(count: number): number {
  return count * 86_400_000;
}

describe.each(ENGINES)("what %s stores of an account", (engine) => {
  test("outlives the process", async () => {
    const place = await saved(engine, "alice");
    await using store = await place.open();
    expect(await store.accounts.load(account("alice"))).toEqual({ ...asSaved, reason: "alice was stored." });
    expect(await store.accounts.load(account("bob"))).toBeUndefined();
  });

  test("is read and written for many accounts in a few statements", async () => {
    const place = await storePlace(engine);
    const accounts = Array.from({ length: ACCOUNTS_AT_ONCE }, (_, index) => account(`account-${index}`));
    const saves = accounts.map((one, failuresInARow) => ({
      account: one,
      stored: { ...stored, nextTryAt: failuresInARow % 2 === 0 ? undefined : 1_780_000_060_000, failuresInARow },
    }));
    await using before = await place.open();
    expect(await before.accounts.saveAll(saves)).toEqual([]);
    // All are there already now.
    expect(await before.accounts.saveAll(saves.toReversed())).toEqual([]);
    await before[Symbol.asyncDispose]();
    await place.tamper("UPDATE account SET cookies = 'altered' WHERE id = 'account-7'");
    await using store = await place.open();
    const recalled = await store.accounts.recall([...accounts, account("unknown")].toReversed());
    const [unknown, ...known] = recalled.map(({ stored: one }) => one);
    expect(unknown).toBeUndefined();
    expect(known.toReversed().map((one) => (one instanceof StoreError ? one.code : one?.failuresInARow))).toEqual(
      accounts.map((_, index) => (index === 7 ? "seal_broken" : index)),
    );
    expect(recalled[1]?.sentAt).toEqual(stored.sentAt.map(near));
  });

  test("is what was saved last, though saves overlap", async () => {
    const place = await storePlace(engine);
    await using store = await place.open();
    const counts = Array.from({ length: 50 }, (_, count) => count);
    await Promise.all(
      counts.map((failuresInARow) =>
        store.accounts.save(account("alice"), { ...stored, nextTryAt: undefined, failuresInARow }),
      ),
    );
    expect(await store.accounts.load(account("alice"))).toEqual({
      ...asSaved,
      nextTryAt: undefined,
      failuresInARow: 49,
    });
  });

  test("counts no more once another cookie is configured", async () => {
    const place = await saved(engine, "alice");
    await using store = await place.open();
    expect(await store.accounts.load(account("alice", `${configured}-anew`))).toBeUndefined();
    await store.accounts.save(account("alice", `${configured}-anew`), { ...stored, cookies: "[]" });
    expect(await store.accounts.load(account("alice", `${configured}-anew`))).toMatchObject({ cookies: "[]" });
    // The one before is there, should it come back.
    expect(await store.accounts.load(account("alice"))).toMatchObject({ cookies: stored.cookies });
    const [recalled] = await store.accounts.recall([account("alice", "yet another")]);
    expect(recalled?.stored).toBeUndefined();
    expect(recalled?.sentAt).toEqual(stored.sentAt.flatMap((at) => [near(at), near(at)]));
  });

  test("is kept for its days after the account was taken out, and forgotten then", async () => {
    const place = await saved(engine, "alice", "bob", "carol");
    await using store = await place.open();
    const inUse = [account("bob"), account("dave")];
    expect(await store.accounts.reconcile(inUse, days(30), days(0))).toBe(0);
    expect(await store.accounts.reconcile(inUse, days(30), days(29))).toBe(0);
    expect(await store.accounts.load(account("alice"))).toBeDefined();
    // Back for a moment: its days begin anew.
    expect(await store.accounts.reconcile([...inUse, account("alice")], days(30), days(29))).toBe(0);
    expect(await store.accounts.reconcile([], days(30), days(29))).toBe(0);
    expect(await store.accounts.reconcile([], days(30), days(31))).toBe(1);
    expect(await store.accounts.load(account("carol"))).toBeUndefined();
    expect(await store.accounts.load(account("alice"))).toBeDefined();
    // A clock that was set back makes nothing stay longer.
    expect(await store.accounts.reconcile([], days(30), days(10))).toBe(0);
    expect(await store.accounts.reconcile([], days(30), days(41))).toBe(2);
  });

  test("stays when the account is not configured because somebody else added it", async () => {
    const place = await saved(engine, "alice", "bob", "carol");
    await place.tamper("UPDATE account SET source = 'console' WHERE id = 'alice'");
    await place.tamper("INSERT INTO console_account SELECT id, key, '', 0, 0 FROM account WHERE id = 'alice'");
    await using store = await place.open();
    await store.accounts.save({ ...account("bob"), source: "file" }, stored);
    expect(await store.accounts.reconcile([], days(30), days(0))).toBe(0);
    expect(await store.accounts.reconcile([], days(30), days(31))).toBe(2);
    expect(await store.accounts.load(account("alice"))).toBeDefined();
    expect(await store.accounts.load(account("bob"))).toBeUndefined();
    await store.consoleAccounts.remove("alice");
    expect(await store.accounts.reconcile([], days(30), days(31))).toBe(1);
    expect(await store.accounts.load(account("alice"))).toBeUndefined();
  });

  test("can be saved no more once the store is closed, which may be closed twice", async () => {
    const place = await storePlace(engine);
    const store = await place.open();
    await store[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    await expect(store.accounts.save(account("alice"), stored)).rejects.toMatchObject({ code: "store_unavailable" });
  });
});

describe.each(ENGINES)("the seal on %s", (engine) => {
  test("opens with the same key only", async () => {
    const place = await saved(engine, "alice");
    const failure = place.open(otherSecretKey);
    await expect(failure).rejects.toMatchObject({ name: "StoreError", code: "seal_broken" });
    await expect(failure).rejects.toThrow(
      /sealed with another SECRET_KEY \(key \S{8}; this one is \S{8}\)\. (?:Set that one again|Every replica needs)/,
    );
    await expect(failure).rejects.toThrow("the gateway then starts afresh from the configured cookies");
    await using store = await place.open();
    expect(await store.accounts.load(account("alice"))).toBeDefined();
  });

  test("opens for the same account only", async () => {
    const place = await saved(engine, "alice", "bob");
    await place.tamper(
      "UPDATE account SET cookies = (SELECT cookies FROM account WHERE id = 'alice') WHERE id = 'bob'",
    );
    await using store = await place.open();
    await expect(store.accounts.load(account("bob"))).rejects.toMatchObject({ code: "seal_broken" });
    expect(await store.accounts.load(account("alice"))).toBeDefined();
  });
});
