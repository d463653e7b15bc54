import { describe, expect, test } from "vitest";
import { toldExpiries } from "../../src/accounts/told-expiries.ts";
import { Alerts } from "../../src/alerts/alerts.ts";
import { loadConfig } from "../../src/config/config.ts";
import { alertService, SERVICES, urlOf } from "../alerts/alert-service.ts";
import { ENGINES, storePlace, type Engine } from "../support/engines.ts";

const DAY_MS = 86_400_000;

/** A gateway's alerts and their store, which a restart opens again. */
async function world(engine: Engine) {
  const place = await storePlace(engine);
  const service = await alertService(SERVICES.json);
  const { alerts: options } = loadConfig({ ALERT_URL: urlOf("json", service.origin) });
  const log = { warn: () => undefined };
  /** What a start tells that looks once at an account whose sign-in ends then. */
  const start = async (expiresAt: number): Promise<readonly number[]> => {
    await using store = await place.open();
    const memory = await toldExpiries(store, log);
    const told: number[] = [];
    const keep: typeof memory.keep = async (one) => {
      told.push(one.expiresAt);
      return memory.keep(one);
    };
    using alerts = new Alerts(options, { log, record: () => undefined }, { ...memory, keep });
    alerts.checkExpiry([{ id: "work", state: "ready", expiresAt }]);
    const last = told.at(-1) ?? memory.told[0]?.expiresAt;
    await expect.poll(() => store.toldExpiries.load()).toEqual([{ account: "work", expiresAt: last }]);
    return told;
  };
  return { service, start };
}

describe.each(ENGINES)("on %s", (engine) => {
  test("that a sign-in will end is told once, and not again after a restart", async () => {
    const { service, start } = await world(engine);
    const end = Date.now() + DAY_MS;
    expect([await start(end), await start(end), await start(end)]).toEqual([[end], [], []]);
    await expect.poll(() => service.heard).toMatchObject([{ kind: "expiry" }]);
  });

  test("one that moved to a replica which was open before is told once by both", async () => {
    const place = await storePlace(engine);
    const service = await alertService(SERVICES.json);
    const { alerts: options } = loadConfig({ ALERT_URL: urlOf("json", service.origin) });
    const log = { warn: () => undefined };
    await using store = await place.open();
    const kept: boolean[] = [];
    const replicas = await Promise.all(
      ["one", "other"].map(async () => {
        const memory = await toldExpiries(store, log);
        const keep: typeof memory.keep = async (told) => {
          const isNews = await memory.keep(told);
          kept.push(isNews);
          return isNews;
        };
        return new Alerts(options, { log, record: () => undefined }, { ...memory, keep });
      }),
    );
    const expiresAt = Date.now() + DAY_MS;
    for (const replica of replicas) replica.checkExpiry([{ id: "work", state: "ready", expiresAt }]);
    await expect.poll(() => kept).toHaveLength(2);
    expect(kept).toContain(false);
    await expect.poll(() => service.heard).toMatchObject([{ kind: "expiry", expiresAt }]);
    for (const replica of replicas) replica[Symbol.dispose]();
  });

  test("a sign-in that its site renewed meanwhile is not told after a restart, unless it is late", async () => {
    const { start } = await world(engine);
    const now = Date.now();
    expect(await start(now + DAY_MS)).toHaveLength(1);
    expect(await start(now + 2 * DAY_MS)).toEqual([]);
  });
});
