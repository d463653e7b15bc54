import { mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { AccountIdentity, StoredAccount } from "../../src/store/account-store.ts";
import { openStore } from "../../src/store/store.ts";
import { Seal } from "../../src/store/seal.ts";
import { obtainSecretKey } from "../../src/store/secret-key.ts";

const secretKey = "a secret key of thirty-two bytes or more";
const otherSecretKey = "another secret key of thirty-two bytes";
const key = Buffer.from(secretKey);
const otherKey = Buffer.from(otherSecretKey);
const configured = "__Secure-next-auth.session-token=configured-by-hand";
const stored: StoredAccount = {
  cookies: JSON.stringify([{ name: "__Secure-next-auth.session-token", value: "rotated-since-then" }]),
  state: "cooldown",
  reason: "The site asks to wait.",
  since: 1_780_000_000_000,
  nextTryAt: 1_780_000_060_000,
  failuresInARow: 3,
  sentAt: [1_779_999_990_000, 1_779_999_999_000],
};

/** One that is signed in by another cookie than the others are. */
function account(id: string, signIn = `${configured}-of-${id}`): AccountIdentity {
  return { id, signInKey: signIn, cookie: `${signIn}; theme=dark` };
}
const asSaved = { ...stored, isConfiguredAnew: false };

let stateDir: string;
beforeEach(async () => {
  stateDir = join(await mkdtemp(join(tmpdir(), "gptomni-store-")), "state");
});
afterEach(async () => {
  await rm(join(stateDir, ".."), { recursive: true });
});

async function saveAndClose(...ids: readonly string[]): Promise<void> {
  await using store = await openStore({ stateDir, secretKey });
  for (const id of ids) await store.accounts.save(account(id), { ...stored, reason: `${id} was stored.` });
}

/** Somebody's own hand in the file, while no gateway runs. */
function tamper(query: string): void {
  const sqlite = new DatabaseSync(join(stateDir, "gateway.sqlite"));
  sqlite.exec(query);
  sqlite.close();
}

/** Takes away every table but those of the migrations. */
function dropTables(): void {
  using sqlite = new DatabaseSync(join(stateDir, "gateway.sqlite"));
  const tables = sqlite
    .prepare(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'kysely%' AND name NOT LIKE 'sqlite%'",
    )
    .all();
  for (const { name } of tables) sqlite.exec(`DROP TABLE "${String(name)}"`);
}

/** A file as it was before accounts were known by their sign-in, with alice's row under this id. */
async function storeAsBefore(id: string, further = ""): Promise<void> {
  await saveAndClose();
  const seal = new Seal(key);
  const { cookie } = account("alice");
  dropTables();
  tamper(`
    DELETE FROM kysely_migration WHERE name >= '003';
    CREATE TABLE credential (id TEXT PRIMARY KEY, configured TEXT NOT NULL, cookies TEXT NOT NULL, state TEXT NOT NULL,
      reason TEXT NOT NULL, since BIGINT NOT NULL, next_try_at BIGINT, failures_in_a_row INTEGER NOT NULL,
      sent_at TEXT NOT NULL DEFAULT '[]');
    INSERT INTO credential VALUES ('${id}', '${seal.digest(cookie, `credential:${id}`)}',
      '${seal.seal(stored.cookies, `credential:${id}`)}', 'cooling', '${stored.reason}', ${stored.since},
      ${stored.nextTryAt}, ${stored.failuresInARow}, '${JSON.stringify(stored.sentAt)}');
    ${further === "" ? "" : `${further}; DELETE FROM kysely_migration WHERE name = '002-sent-at'`}`);
}

function days(count: number): number {
  return count * 86_400_000;
}

describe("what is stored of an account", () => {
  test("outlives the process", async () => {
    await saveAndClose("alice");
    await using store = await openStore({ stateDir, secretKey });
    expect(await store.accounts.load(account("alice"))).toEqual({ ...asSaved, reason: "alice was stored." });
    expect(await store.accounts.load(account("bob"))).toBeUndefined();
  });

  test.each([
    ["under its place in the list", "account-1", "account-1", undefined],
    ["under a name, which it still has", "work", "work", undefined],
    ["under a name that it has no more", "work", "account-k3v9q2mt", undefined],
    ["by a version that knew no pace", "account-2", "account-2", "ALTER TABLE credential DROP COLUMN sent_at"],
  ])("stored %s is taken up by its sign-in", async (_name, before, now, older) => {
    await storeAsBefore(before, older);
    await using store = await openStore({ stateDir, secretKey });
    const moved = { ...account("alice"), id: now };
    const sentAt = older === undefined ? stored.sentAt : [];
    expect(await store.accounts.load(account("bob"))).toBeUndefined();
    expect(await store.accounts.load(moved)).toEqual({ ...asSaved, sentAt });
    expect(await store.accounts.load({ ...moved, id: "renamed-again" })).toEqual({ ...asSaved, sentAt });
    expect(await store.accounts.load({ ...moved, cookie: moved.signInKey })).toMatchObject({ isConfiguredAnew: true });
  });

  test("is what was saved last, though saves overlap", async () => {
    await using store = await openStore({ stateDir, secretKey });
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
    await saveAndClose("alice");
    await using store = await openStore({ stateDir, secretKey });
    expect(await store.accounts.load(account("alice", `${configured}-anew`))).toBeUndefined();
    await store.accounts.save(account("alice", `${configured}-anew`), { ...stored, cookies: "[]" });
    expect(await store.accounts.load(account("alice", `${configured}-anew`))).toMatchObject({ cookies: "[]" });
    // The one before is there, should it come back.
    expect(await store.accounts.load(account("alice"))).toMatchObject({ cookies: stored.cookies });
    expect(await store.accounts.sentAt(account("alice", "yet another"))).toEqual(
      stored.sentAt.flatMap((at) => [at, at]),
    );
  });

  test("is kept for its days after the account was taken out, and forgotten then", async () => {
    await saveAndClose("alice", "bob", "carol");
    await using store = await openStore({ stateDir, secretKey });
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
    expect(await store.accounts.reconcile([], days(30), days(40))).toBe(2);
  });

  test("stays when the account is not configured because somebody else added it", async () => {
    await saveAndClose("alice", "bob", "carol");
    tamper("UPDATE account SET source = 'console' WHERE id = 'alice'");
    tamper("INSERT INTO console_account SELECT id, key, '', 0, 0 FROM account WHERE id = 'alice'");
    await using store = await openStore({ stateDir, secretKey });
    await store.accounts.save({ ...account("bob"), source: "file" }, stored);
    expect(await store.accounts.reconcile([], days(30), days(0))).toBe(0);
    expect(await store.accounts.reconcile([], days(30), days(31))).toBe(2);
    expect(await store.accounts.load(account("alice"))).toBeDefined();
    expect(await store.accounts.load(account("bob"))).toBeUndefined();
    await store.consoleAccounts.remove("alice");
    expect(await store.accounts.reconcile([], days(30), days(31))).toBe(1);
    expect(await store.accounts.load(account("alice"))).toBeUndefined();
  });

  test("is in no file in a form that can be read, and in no file for others", async () => {
    await using store = await openStore({ stateDir, secretKey });
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

  test("can be saved no more once the store is closed, which may be closed twice", async () => {
    const store = await openStore({ stateDir, secretKey });
    await store[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    await expect(store.accounts.save(account("alice"), stored)).rejects.toMatchObject({ code: "store_unavailable" });
  });
});

describe("the seal", () => {
  test("opens with the same key only", async () => {
    await saveAndClose("alice");
    const failure = openStore({ stateDir, secretKey: otherSecretKey });
    await expect(failure).rejects.toMatchObject({ name: "StoreError", code: "seal_broken" });
    await expect(failure).rejects.toThrow(
      /sealed with another SECRET_KEY \(key \S{8}; this one is \S{8}\)\. Set that one again/,
    );
    await expect(failure).rejects.toThrow("the gateway then starts afresh from the configured cookies");
    await using store = await openStore({ stateDir, secretKey });
    expect(await store.accounts.load(account("alice"))).toBeDefined();
  });

  test("of a file from before keys had an id opens with the same key only", async () => {
    await storeAsBefore("alice");
    await expect(openStore({ stateDir, secretKey: otherSecretKey })).rejects.toThrow(
      "sealed with another SECRET_KEY. Set",
    );
    await using store = await openStore({ stateDir, secretKey });
    expect(await store.accounts.load(account("alice"))).toBeDefined();
  });

  test("opens for the same account only", async () => {
    await saveAndClose("alice", "bob");
    tamper("UPDATE account SET cookies = (SELECT cookies FROM account WHERE id = 'alice') WHERE id = 'bob'");
    await using store = await openStore({ stateDir, secretKey });
    await expect(store.accounts.load(account("bob"))).rejects.toMatchObject({ code: "seal_broken" });
    expect(await store.accounts.load(account("alice"))).toBeDefined();
  });

  test("breaks with any change", () => {
    const seal = new Seal(key);
    const sealed = seal.seal("Grüße, 世界", "here");
    expect(new Seal(key).open(sealed, "here")).toBe("Grüße, 世界");
    const changed = sealed
      .split("")
      .map((letter, at) => sealed.slice(0, at) + (letter === "A" ? "B" : "A") + sealed.slice(at + 1));
    const cut = sealed.split("").map((_, at) => sealed.slice(0, at));
    // The last letter may carry unused bits only.
    for (const text of [...changed.slice(0, -1), ...cut]) {
      expect(() => seal.open(text, "here")).toThrow(expect.objectContaining({ code: "seal_broken" }));
    }
  });

  test("gives the same text another look each time", () => {
    const seal = new Seal(key);
    expect(seal.seal("text", "here")).not.toBe(seal.seal("text", "here"));
  });

  test("makes digests that tell nothing without the key", () => {
    const digest = new Seal(key).digest("text", "here");
    expect(new Seal(key).digest("text", "here")).toBe(digest);
    const others = [
      new Seal(otherKey).digest("text", "here"),
      new Seal(key).digest("text", "there"),
      new Seal(key).digest("Text", "here"),
    ];
    expect(others).not.toContain(digest);
  });
});

describe("the secret key", () => {
  test("is made once, kept for its owner only, and may be moved into SECRET_KEY", async () => {
    const made = await obtainSecretKey(stateDir);
    expect(made.length).toBeGreaterThanOrEqual(32);
    expect(await readdir(stateDir)).toEqual(["secret-key"]);
    expect((await stat(join(stateDir, "secret-key"))).mode & 0o777).toBe(0o600);
    expect(await obtainSecretKey(stateDir)).toEqual(made);
    const text = await readFile(join(stateDir, "secret-key"), "utf8");
    expect(await obtainSecretKey(join(stateDir, "elsewhere"), text)).toEqual(made);
    expect(await readdir(stateDir)).toEqual(["secret-key"]);
  });

  test("is one for all that start at the same moment", async () => {
    const keys = await Promise.all(Array.from({ length: 20 }, () => obtainSecretKey(stateDir)));
    expect(new Set(keys.map((made) => made.toString())).size).toBe(1);
    expect(await readdir(stateDir)).toEqual(["secret-key"]);
  });

  test("is closed to others when its file was open to them", async () => {
    const made = await obtainSecretKey(stateDir);
    const path = join(stateDir, "secret-key");
    await rm(path);
    await writeFile(path, made, { mode: 0o644 });
    expect(await obtainSecretKey(stateDir)).toEqual(made);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test("is refused when it is short, and then never replaced", async () => {
    await obtainSecretKey(stateDir);
    const path = join(stateDir, "secret-key");
    await writeFile(path, "");
    const failure = expect.objectContaining({ code: "secret_key_unusable" });
    await expect(obtainSecretKey(stateDir)).rejects.toEqual(failure);
    await expect(obtainSecretKey(stateDir)).rejects.toThrow(path);
    await expect(obtainSecretKey(stateDir, "short")).rejects.toThrow("The secret key in SECRET_KEY has 5 characters");
    expect(await readFile(path, "utf8")).toBe("");
  });

  test("is asked for when there is no place to keep one", async () => {
    await writeFile(stateDir, "a file");
    await expect(obtainSecretKey(stateDir)).rejects.toMatchObject({ code: "secret_key_unusable" });
    await expect(obtainSecretKey(stateDir)).rejects.toThrow("set SECRET_KEY");
  });
});
