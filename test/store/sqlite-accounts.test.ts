import { readFile, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Seal } from "../../src/store/seal.ts";
import { SECRET_KEY, storePlace, type StorePlace } from "../support/engines.ts";
import { account, stored } from "../support/stored-account.ts";

const key = Buffer.from(SECRET_KEY);
const otherSecretKey = "another secret key of thirty-two bytes";

const asSaved = { ...stored, isConfiguredAnew: false };

/** Takes away every table but those of the migrations. */
async function dropTables(place: StorePlace): Promise<void> {
  const tables = await place.tamper(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'kysely%' AND name NOT LIKE 'sqlite%'",
  );
  for (const { name } of tables) await place.tamper(`DROP TABLE "${String(name)}"`);
}

/** A file as it was before accounts were known by their sign-in, with alice's row under this id. */
async function storeAsBefore(id: string, further = ""): Promise<StorePlace> {
  const place = await storePlace("SQLite");
  await (await place.open())[Symbol.asyncDispose]();
  const seal = new Seal(key);
  const { cookie } = account("alice");
  await dropTables(place);
  await place.tamper(`
    DELETE FROM kysely_migration WHERE name >= '003';
    CREATE TABLE credential (id TEXT PRIMARY KEY, configured TEXT NOT NULL, cookies TEXT NOT NULL, state TEXT NOT NULL,
      reason TEXT NOT NULL, since BIGINT NOT NULL, next_try_at BIGINT, failures_in_a_row INTEGER NOT NULL,
      sent_at TEXT NOT NULL DEFAULT '[]');
    INSERT INTO credential VALUES ('${id}', '${seal.digest(cookie, `credential:${id}`)}',
      '${seal.seal(stored.cookies, `credential:${id}`)}', 'cooling', '${stored.reason}', ${stored.since},
      ${stored.nextTryAt}, ${stored.failuresInARow}, '${JSON.stringify(stored.sentAt)}');
    ${further === "" ? "" : `${further}; DELETE FROM kysely_migration WHERE name = '002-sent-at'`}`);
  return place;
}

test.each([
  ["under its place in the list", "account-1", "account-1", undefined],
  ["under a name, which it still has", "work", "work", undefined],
  ["under a name that it has no more", "work", "account-k3v9q2mt", undefined],
  ["by a version that knew no pace", "account-2", "account-2", "ALTER TABLE credential DROP COLUMN sent_at"],
])("what is stored of an account %s is taken up by its sign-in", async (_name, before, now, older) => {
  const place = await storeAsBefore(before, older);
  await using store = await place.open();
  const moved = { ...account("alice"), id: now };
  const sentAt = older === undefined ? stored.sentAt : [];
  expect(await store.accounts.load(account("bob"))).toBeUndefined();
  expect(await store.accounts.load(moved)).toEqual({ ...asSaved, sentAt });
  expect(await store.accounts.load({ ...moved, id: "renamed-again" })).toEqual({ ...asSaved, sentAt });
  expect(await store.accounts.load({ ...moved, cookie: moved.signInKey })).toMatchObject({ isConfiguredAnew: true });
});

test("the seal of a file from before keys had an id opens with the same key only", async () => {
  const place = await storeAsBefore("alice");
  await expect(place.open(otherSecretKey)).rejects.toThrow("sealed with another SECRET_KEY. Set");
  await using store = await place.open();
  expect(await store.accounts.load(account("alice"))).toBeDefined();
});

test("what is stored of an account is in no file in a form that can be read, and in no file for others", async () => {
  const place = await storePlace("SQLite");
  const { stateDir } = place;
  await using store = await place.open();
  await store.accounts.save(account("alice"), stored);
  const names = await readdir(stateDir);
  expect(names.toSorted()).toEqual(["gateway.sqlite", "gateway.sqlite-wal"]);
  for (const name of names) {
    const bytes = await readFile(join(stateDir, name), "latin1");
    expect(bytes).not.toMatch(/session-token|rotated-since-then|configured-by-hand/);
    expect((await stat(join(stateDir, name))).mode & 0o777).toBe(0o600);
  }
  expect((await stat(stateDir)).mode & 0o777).toBe(0o700);
});
