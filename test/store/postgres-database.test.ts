import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { PostgresDatabase } from "../../src/store/postgres-database.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { requestRecord } from "../support/recording.ts";
import { SECRET_KEY, storePlace } from "../support/engines.ts";
import { freePort } from "../support/free-port.ts";
import { LACKS_POSTGRES, PostgresServer } from "../support/postgres-server.ts";

const OTHER_KEY = "another secret key of thirty-two bytes";
const ALICE = { id: "alice", signInKey: "token=configured", cookie: "token=configured" };
const STORED = {
  cookies: "[]",
  state: "ready",
  reason: "",
  since: 1_780_000_000_000,
  nextTryAt: undefined,
  failuresInARow: 0,
  sentAt: [],
};

/** Replicas know the database's clock as exactly as the machine is idle. */
const asSaved = { ...STORED, since: expect.closeTo(STORED.since, -3) as number };

function refusal(url: string): Promise<unknown> {
  return openStore({ stateDir: "/dev/null", secretKey: SECRET_KEY, databaseUrl: url }).catch((cause: unknown) => cause);
}

describe.skipIf(LACKS_POSTGRES)("a database that several gateways share", () => {
  test("gets one schema and one key from replicas that start at the same moment", async () => {
    const place = await storePlace("PostgreSQL");
    const stores = await Promise.all(Array.from({ length: 5 }, () => place.open()));
    await using _stores = { [Symbol.asyncDispose]: () => closeAll(stores) };
    await stores[0]?.accounts.save(ALICE, STORED);
    for (const store of stores) expect(await store.accounts.load(ALICE)).toMatchObject(asSaved);
    expect(await place.tamper("SELECT count(*)::int AS keys FROM seal")).toEqual([{ keys: 1 }]);
  });

  test("names the replica's wrong SECRET_KEY", async () => {
    const place = await storePlace("PostgreSQL");
    await using _store = await place.open();
    await expect(place.open(OTHER_KEY)).rejects.toMatchObject({ name: "StoreError", code: "seal_broken" });
    await expect(place.open(OTHER_KEY)).rejects.toThrow("Every replica needs the same one");
  });

  test("takes sums from replicas that count the same hour at the same time", async () => {
    const place = await storePlace("PostgreSQL");
    const stores = await Promise.all(Array.from({ length: 4 }, () => place.open()));
    await using _stores = { [Symbol.asyncDispose]: () => closeAll(stores) };
    const batch = ["anna", "ben", "carol", "dora", "emil"].map((account) => ({ ...stored(account), at: 1_000 }));
    const writes = stores.flatMap(({ records }, index) =>
      Array.from({ length: 10 }, () =>
        records.write({ requests: [], counted: index % 2 ? batch.toReversed() : batch, events: [] }),
      ),
    );
    await Promise.all(writes);
    const page = await stores[0]?.records.usage.page({ by: "day", from: 0, to: 86_400_000, group: [] }, 10);
    expect(page?.rows).toMatchObject([{ requests: 200, durationMs: 200_000 }]);
  });

  test("takes texts of callers that PostgreSQL knows no letters for", async () => {
    const place = await storePlace("PostgreSQL");
    await using store = await place.open();
    const odd = { ...stored("alice"), model: "a\0b\ud800" };
    await store.records.write({ requests: [{ ...odd, prompt: null, answer: null }], counted: [odd], events: [] });
    expect((await store.records.requests.page({}, 5)).rows).toMatchObject([{ model: "a\ufffdb\ufffd" }]);
  });
});

describe.skipIf(LACKS_POSTGRES)("a database that cannot be used", () => {
  test("is refused when it holds another program's tables", async () => {
    const place = await storePlace("PostgreSQL");
    await place.tamper("CREATE TABLE recipe (title text)");
    await expect(place.open()).rejects.toMatchObject({ code: "store_foreign" });
    expect(await place.tamper("SELECT count(*)::int AS tables FROM pg_tables WHERE schemaname = 'public'")).toEqual([
      { tables: 1 },
    ]);
  });

  test("is refused when a newer gateway wrote it", async () => {
    const place = await storePlace("PostgreSQL");
    await (await place.open())[Symbol.asyncDispose]();
    await place.tamper("INSERT INTO kysely_migration VALUES ('999-later', '2099-01-01T00:00:00.000Z')");
    await expect(place.open()).rejects.toMatchObject({ code: "store_too_new" });
    await expect(place.open()).rejects.toThrow("was written by a newer gateway (999-later)");
  });

  test("is refused when it has another encoding", async () => {
    const place = await storePlace("PostgreSQL");
    const other = `other_${Date.now()}`;
    await place.tamper(
      `CREATE DATABASE ${other} TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C' LOCALE_PROVIDER libc`,
    );
    onTestFinished(async () => void (await place.tamper(`DROP DATABASE ${other} WITH (FORCE)`)));
    const url = place.options.databaseUrl ?? "";
    expect(await refusal(url.replace(/[^/]*$/, other))).toMatchObject({ message: /SQL_ASCII/ });
  });

  test("is named without its password, with what to look at", async () => {
    const url = `postgres://gateway:canary-secret@127.0.0.1:${await freePort()}/state`;
    const failure = await refusal(url);
    expect(failure).toMatchObject({ name: "StoreError", code: "store_unavailable" });
    expect(String(failure)).toMatch(
      /postgres:\/\/127\.0\.0\.1:\d+\/state does not answer .*ECONNREFUSED.*DATABASE_URL/,
    );
    expect(String(failure)).not.toContain("canary");
  });

  test("is named where there is none of that name", async () => {
    const place = await storePlace("PostgreSQL");
    const url = place.options.databaseUrl ?? "";
    expect(await refusal(url.replace(/[^/]*$/, "nowhere"))).toMatchObject({ message: /Create the database/ });
  });
});

describe.skipIf(LACKS_POSTGRES)("a server that fails while the gateway runs", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  async function openDatabase(): Promise<PostgresDatabase> {
    const database = await PostgresDatabase.open(
      { databaseUrl: await server.createDatabase() },
      { answerLimitMs: 500 },
    );
    onTestFinished(() => database[Symbol.asyncDispose]());
    return database;
  }

  test.each(["fast", "immediate"] as const)("is used again when it is back after a %s shutdown", async (how) => {
    const database = await openDatabase();
    await server.stop(how);
    await expect(seals(database)).rejects.toMatchObject({ name: "StoreError", code: "store_unavailable" });
    await expect(database.assertWritable()).rejects.toMatchObject({ code: "store_unavailable" });
    await server.restart();
    await expect.poll(() => seals(database).catch(() => "not yet")).toEqual([]);
  });

  test("holds nobody up while it is frozen, and is used again afterwards", async () => {
    const database = await openDatabase();
    await server.freeze();
    onTestFinished(() => server.thaw());
    const failures = await Promise.all(Array.from({ length: 20 }, () => seals(database).catch(String)));
    expect(new Set(failures)).toEqual(new Set([expect.stringContaining("did not answer within 0.5 seconds")]));
    await server.thaw();
    await expect.poll(() => seals(database).catch(() => "not yet")).toEqual([]);
  });

  test("is told apart from one that takes no writes", async () => {
    const database = await openDatabase();
    await database.assertWritable();
    await server.query(`ALTER SYSTEM SET default_transaction_read_only = on`);
    await server.query("SELECT pg_reload_conf()");
    onTestFinished(async () => {
      await server.query("ALTER SYSTEM RESET default_transaction_read_only");
      await server.query("SELECT pg_reload_conf()");
    });
    await expect.poll(() => database.assertWritable().catch(String)).toContain("takes no writes");
  });
});

function stored(account: string) {
  const { id, at, method, route } = requestRecord();
  const none = {
    attempts: 1,
    queueMs: null,
    paceMs: null,
    leaseMs: null,
    firstByteMs: null,
    streamMs: null,
    firstTokenMs: null,
    promptTokens: null,
    completionTokens: null,
    reasoningTokens: null,
  };
  return {
    id,
    at,
    keyId: "k",
    key: "master",
    account,
    model: "m",
    method,
    route,
    status: 200,
    code: null,
    durationMs: 1_000,
    ...none,
  };
}

async function closeAll(stores: readonly Store[]): Promise<void> {
  await Promise.all(stores.map((store) => store[Symbol.asyncDispose]()));
}

function seals(database: PostgresDatabase): Promise<readonly unknown[]> {
  return database.run((db) => db.selectFrom("seal").selectAll().execute());
}
