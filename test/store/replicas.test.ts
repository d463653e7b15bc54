import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { AccountRoster } from "../../src/accounts/account-roster.ts";
import type { ConfiguredAccount } from "../../src/credentials/configured-account.ts";
import { ConfiguredKeys } from "../../src/http/api-keys.ts";
import { openKeys, type CallersKeys } from "../../src/keys/open-keys.ts";
import { createLog, Redaction } from "../../src/observe/log.ts";
import { Sites } from "../../src/sites/catalog.ts";
import { gptomni } from "../../src/sites/gptomni.ts";
import { PostgresChanges } from "../../src/store/postgres-changes.ts";
import { PostgresDatabase } from "../../src/store/postgres-database.ts";
import { SharedSecrets } from "../../src/store/shared-secrets.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { SECRET_KEY, storePlace, type StorePlace } from "../support/engines.ts";
import { LACKS_POSTGRES, PostgresServer } from "../support/postgres-server.ts";

const ANNA = { name: "anna", limits: {}, models: undefined, expiresAt: undefined };
const log = createLog({ level: "silent", format: "json", redaction: new Redaction() });
const sites = new Sites([gptomni(new URL("https://chat.example.test"))]);

async function openReplica(place: Pick<StorePlace, "options">): Promise<Store> {
  const store = await openStore(place.options);
  onTestFinished(() => store[Symbol.asyncDispose]());
  return store;
}

async function keysOf(store: Store): Promise<CallersKeys> {
  const parts = { defaultLimits: {}, redaction: new Redaction(), log };
  const keys = await openKeys(store, new ConfiguredKeys([]), parts);
  onTestFinished(() => keys[Symbol.asyncDispose]());
  return keys;
}

/** A replica's accounts: which it was told to use, each time. */
async function rosterOf(store: Store) {
  const applied: string[][] = [];
  const apply = async (list: readonly ConfiguredAccount[]): Promise<void> =>
    void applied.push(list.map(({ id }) => id));
  const parts = { manager: { apply }, store: store.consoleAccounts, sites, redaction: new Redaction(), log };
  const roster = new AccountRoster(parts);
  await roster.load();
  store.changes.subscribe("accounts", () => roster.reload());
  return { roster, used: () => applied.at(-1)?.toSorted() };
}

function account(id: string, token = `token-of-${id}`): ConfiguredAccount {
  return {
    id,
    cookie: `__Secure-next-auth.session-token=${token}`,
    proxy: undefined,
    site: undefined,
    source: "settings",
  };
}

describe.skipIf(LACKS_POSTGRES)("replicas with one database", () => {
  test("open the door to a key that another one made, and close it when that revokes it", async () => {
    const place = await storePlace("PostgreSQL");
    const [one, other] = [await keysOf(await openReplica(place)), await keysOf(await openReplica(place))];
    const { key, secret } = await one.storedKeys.create(ANNA);
    await expect.poll(() => other.apiKeys.find(secret)).toMatchObject({ keyId: key.id });
    await expect(other.storedKeys.create(ANNA)).rejects.toMatchObject({ code: "key_name_taken" });
    await other.storedKeys.revoke(key.id);
    await expect
      .poll(() => one.apiKeys.find(secret).catch(({ code }: { code: string }) => code))
      .toBe("invalid_api_key");
  });

  test("know when a key was used last, wherever it was", async () => {
    const place = await storePlace("PostgreSQL");
    const [one, other] = [await openReplica(place), await openReplica(place)];
    const key = { id: "k", name: "k", hash: "0", prefix: "", limits: {}, models: undefined, createdAt: 1 };
    await one.apiKeys.save({ ...key, expiresAt: undefined, lastUsedAt: undefined, revokedAt: undefined });
    await one.apiKeys.saveUse(new Map([["k", 2_000]]));
    await other.apiKeys.saveUse(new Map([["k", 1_000]]));
    expect(await one.apiKeys.all()).toMatchObject([{ lastUsedAt: 2_000 }]);
  });

  test("use the accounts that any of them adds, changes or removes", async () => {
    const place = await storePlace("PostgreSQL");
    const [one, other] = [await rosterOf(await openReplica(place)), await rosterOf(await openReplica(place))];
    await one.roster.add({ id: "alice", credential: account("alice").cookie, proxy: undefined, site: undefined });
    await expect.poll(other.used).toEqual(["alice"]);
    await expect(
      other.roster.add({ id: "bob", credential: account("alice").cookie, proxy: undefined, site: undefined }),
    ).rejects.toMatchObject({ code: "account_exists" });
    await other.roster.change("alice", { id: "alicia" });
    await expect.poll(one.used).toEqual(["alicia"]);
    await one.roster.remove("alicia");
    await expect.poll(other.used).toEqual([]);
  });

  test("take accounts of the settings over once: what is removed or changed later stays so", async () => {
    const place = await storePlace("PostgreSQL");
    const list = [account("alice"), account("bob")];
    const [one, other] = [await rosterOf(await openReplica(place)), await rosterOf(await openReplica(place))];
    await Promise.all([one.roster.configure(list), other.roster.configure(list)]);
    expect([one.used(), other.used()]).toEqual([
      ["alice", "bob"],
      ["alice", "bob"],
    ]);
    await other.roster.remove("alice");
    await other.roster.change("bob", { credential: account("bob", "another").cookie });
    await expect.poll(one.used).toEqual(["bob"]);
    const later = await rosterOf(await openReplica(place));
    await later.roster.configure([...list, account("carol")]);
    expect(later.used()).toEqual(["bob", "carol"]);
    expect(later.roster.find("bob")?.cookie).toContain("another");
    await expect.poll(one.used).toEqual(["bob", "carol"]);
  });

  test("make one key where none is set", async () => {
    const place = await storePlace("PostgreSQL");
    const address = { databaseUrl: place.options.databaseUrl ?? "" };
    const made = await Promise.all(
      ["canary-1", "canary-2"].map(async (value) => {
        await using secrets = await SharedSecrets.open(address, SECRET_KEY);
        return await secrets.obtain("admin-key", () => value);
      }),
    );
    expect(new Set(made.map(({ value }) => value)).size).toBe(1);
    expect(made.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(await place.contents()).not.toContain("canary");
  });

  test("find a change that nobody told", async () => {
    const place = await storePlace("PostgreSQL");
    await using database = await PostgresDatabase.open({ databaseUrl: place.options.databaseUrl ?? "" });
    const directUrl = place.options.databaseUrl ?? "";
    await using changes = await PostgresChanges.open(database, { directUrl, lookEveryMs: 20 });
    let heard = 0;
    changes.subscribe("api_keys", async () => void (heard += 1));
    await place.tamper("INSERT INTO change VALUES ('api_keys', 1)");
    await expect.poll(() => heard).toBe(1);
  });
});

describe.skipIf(LACKS_POSTGRES)("replicas whose database was restarted", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test("hear of changes again, those in between too", async () => {
    const options = { stateDir: "/dev/null", secretKey: SECRET_KEY, databaseUrl: await server.createDatabase() };
    const [one, other] = [await keysOf(await openReplica({ options })), await keysOf(await openReplica({ options }))];
    await server.stop("immediate");
    await expect(one.storedKeys.create(ANNA)).rejects.toMatchObject({ code: "state_not_stored" });
    await server.restart();
    const { secret } = await one.storedKeys.create(ANNA);
    await expect.poll(() => other.apiKeys.find(secret)).toMatchObject({ name: "anna" });
  });
});
