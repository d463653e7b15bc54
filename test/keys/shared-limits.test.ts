import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { KeyLimits } from "../../src/http/api-keys.ts";
import { JoinedCounts } from "../../src/keys/joined-counts.ts";
import { countersOf } from "../../src/keys/open-keys.ts";
import { Quotas } from "../../src/keys/quotas.ts";
import { openStore, type StoreOptions } from "../../src/store/store.ts";
import { SECRET_KEY, storePlace } from "../support/engines.ts";
import { LACKS_POSTGRES, PostgresServer } from "../support/postgres-server.ts";

const warned: string[] = [];
const log = { warn: (_fields: unknown, message?: string) => void warned.push(message ?? "") };

/** On a busy machine the database takes its time, which is not what most tests are about. */
const PATIENT = { answerLimitMs: 60_000 };

/** What one of several gateways counts by. */
async function replica(options: StoreOptions, further: { readonly answerLimitMs?: number } = {}): Promise<Quotas> {
  const store = await openStore(options);
  onTestFinished(() => store[Symbol.asyncDispose]());
  const counters = await countersOf(store, { log, ...further });
  onTestFinished(() => counters[Symbol.asyncDispose]());
  return new Quotas(counters);
}

function keyWith(limits: KeyLimits) {
  return { keyId: "anna", name: "anna", limits, models: undefined };
}

/** What comes of so many requests at once, each to the next gateway. */
async function ask(replicas: readonly Quotas[], limits: KeyLimits, times: number) {
  const asked = Array.from({ length: times }, async (_none, index) =>
    replicas[index % replicas.length]?.admit(keyWith(limits), async () => 10),
  );
  const settled = await Promise.allSettled(asked);
  const admitted = settled.flatMap((one) => (one.status === "fulfilled" && one.value ? [one.value] : []));
  return { admitted, refused: times - admitted.length };
}

describe.skipIf(LACKS_POSTGRES)("a key that several gateways serve", () => {
  test.each([
    ["requests per minute", { requestsPerMinute: 7 }],
    ["requests per day", { requestsPerDay: 7 }],
    ["tokens per day", { tokensPerDay: 70 }],
    ["requests at the same time", { parallel: 7 }],
  ])("has one limit of %s", async (_name, limits) => {
    const { options } = await storePlace("PostgreSQL");
    const replicas = await Promise.all([1, 2, 3].map(() => replica(options, PATIENT)));
    const rounds = [await ask(replicas, limits, 5), await ask(replicas, limits, 16)];
    expect(rounds.flatMap(({ admitted }) => admitted).length).toBe(7);
    expect(Object.values((await replicas[1]?.remaining(keyWith(limits))) ?? {})).toEqual([0]);
  });

  test("has all its places at the same time, in whichever order requests come and go", async () => {
    const { options } = await storePlace("PostgreSQL");
    const replicas = await Promise.all([1, 2, 3].map(() => replica(options, PATIENT)));
    for (let round = 0; round < 12; round += 1) {
      const { admitted } = await ask(replicas, { parallel: 7 }, 16);
      expect(admitted).toHaveLength(7);
      for (const one of admitted) one.end();
      await expect
        .poll(() => replicas[0]?.remaining(keyWith({ parallel: 7 })), { interval: 5 })
        .toEqual({ parallel: 7 });
    }
  });

  test("is counted for requests at the same time together, and each knows its place", async () => {
    const { options } = await storePlace("PostgreSQL");
    await using store = await openStore(options);
    const { sharedKeyUse } = store;
    if (!sharedKeyUse) throw new Error("PostgreSQL is shared");
    const keys: string[] = [];
    const counts = new JoinedCounts({
      add: (keyId, changes) => {
        keys.push(keyId);
        return sharedKeyUse.add(keyId, changes);
      },
    });
    const one = { window: "requestsPerDay", points: 1, lastsMs: 86_400_000 };
    const tokens = { window: "tokensPerDay", points: 10, lastsMs: 86_400_000 };
    const used = await Promise.all(
      Array.from({ length: 20 }, (_none, index) => counts.add("anna", index % 2 === 0 ? [one] : [one, tokens])),
    );
    const usedOf = (name: string): number[] => used.flat().flatMap((use) => (use.window === name ? [use.used] : []));
    expect(usedOf("requestsPerDay")).toEqual(Array.from({ length: 20 }, (_none, index) => index + 1));
    expect(usedOf("tokensPerDay")).toEqual(Array.from({ length: 10 }, (_none, index) => 10 * (index + 1)));
    expect(keys).toEqual(["anna", "anna"]);
    expect(await counts.add("anna", [{ ...one, points: -5 }])).toMatchObject([{ used: 15 }]);
  });

  test("has room again at every gateway when a request ends at one", async () => {
    const { options } = await storePlace("PostgreSQL");
    const [one, other] = [await replica(options), await replica(options)];
    const { admitted } = await ask([one], { parallel: 1 }, 1);
    expect((await ask([other], { parallel: 1 }, 1)).refused).toBe(1);
    admitted[0]?.end();
    await expect.poll(async () => (await ask([other], { parallel: 1 }, 1)).refused).toBe(0);
  });

  test("is counted once where the database answers too late", async () => {
    const { options } = await storePlace("PostgreSQL");
    const [one, other] = [await replica(options), await replica(options)];
    const limits = { requestsPerDay: 1_000 };
    const used = async (): Promise<number> => 1_000 - ((await other.remaining(keyWith(limits))).requestsPerDay ?? 0);
    const holder = new Client({ connectionString: options.databaseUrl });
    onTestFinished(() => holder.end());
    await holder.connect();
    await holder.query("BEGIN");
    await holder.query("LOCK TABLE key_use IN EXCLUSIVE MODE");
    expect((await ask([one], limits, 1)).refused).toBe(0);
    await holder.query("COMMIT");
    await expect.poll(used).toBe(1);
    let asked = 1;
    const askAgain = async (): Promise<number> => {
      await ask([one], limits, 1);
      asked += 1;
      return used();
    };
    await expect.poll(askAgain).toBeGreaterThan(1);
    expect(await used()).toBe(asked);
  });

  test("is not held back by requests of a gateway that ended without a word", async () => {
    const place = await storePlace("PostgreSQL");
    const quotas = await replica(place.options);
    await place.tamper(`INSERT INTO key_running VALUES ('anna', '{"gone": [5, 0, 1]}')`);
    expect((await ask([quotas], { parallel: 1 }, 2)).admitted).toHaveLength(1);
  });
});

describe.skipIf(LACKS_POSTGRES)("limits while the database is away", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test.each(["stopped", "frozen"])("hold at each gateway from what it knew, when it is %s", async (how) => {
    const options = { stateDir: "/dev/null", secretKey: SECRET_KEY, databaseUrl: await server.createDatabase() };
    const quotas = await replica(options);
    const limits = { requestsPerDay: 5, parallel: 10 };
    expect((await ask([quotas], limits, 2)).refused).toBe(0);
    await (how === "frozen" ? server.freeze() : server.stop());
    onTestFinished(() => server.thaw());
    expect((await ask([quotas], limits, 5)).admitted).toHaveLength(3);
    expect(warned).toContain("limits of API keys are counted by this gateway alone");
    await (how === "frozen" ? server.thaw() : server.restart());
    const other = await replica(options);
    // What was counted meanwhile reaches the others with the next request.
    const left = async (): Promise<number | undefined> => {
      await ask([quotas], { requestsPerDay: 5 }, 1);
      return (await other.remaining(keyWith(limits))).requestsPerDay;
    };
    await expect.poll(left).toBe(0);
  });
});
