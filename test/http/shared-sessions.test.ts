import { describe, expect, onTestFinished, test } from "vitest";
import { ConsoleSessions, isTokenOf, type ConsoleSessionLimits } from "../../src/http/console-sessions.ts";
import { storePlace, type StorePlace } from "../support/engines.ts";
import { LACKS_POSTGRES } from "../support/postgres-server.ts";

/** The sessions at one gateway of several. */
async function gateway(place: StorePlace, limits: Partial<ConsoleSessionLimits> = {}): Promise<ConsoleSessions> {
  const store = await place.open();
  onTestFinished(() => store[Symbol.asyncDispose]());
  const sessions = new ConsoleSessions(limits);
  onTestFinished(() => sessions[Symbol.dispose]());
  if (store.consoleSessions) sessions.share(store.consoleSessions);
  store.changes.subscribe("console_sessions", () => sessions.review());
  return sessions;
}

describe.skipIf(LACKS_POSTGRES)("a session of the console at several gateways", () => {
  test("is the same one at each, its token too, and outlives each", async () => {
    const place = await storePlace("PostgreSQL");
    const [one, other] = [await gateway(place), await gateway(place)];
    const { session, secret } = await one.start();
    const same = await other.find(secret);
    expect(same?.id).toBe(session.id);
    expect(isTokenOf(session, same?.csrfToken)).toBe(true);
    expect(await other.find(`${secret}x`)).toBeUndefined();
    one[Symbol.dispose]();
    expect((await (await gateway(place)).find(secret))?.id).toBe(session.id);
    expect(await place.contents()).not.toContain(secret);
  });

  test("ends at each when it ends at one", async () => {
    const place = await storePlace("PostgreSQL");
    const [one, other] = [await gateway(place), await gateway(place)];
    const { session, secret } = await one.start();
    const same = await other.find(secret);
    await other.end(same?.id ?? "");
    await expect.poll(() => session.ended.aborted).toBe(true);
    expect(await one.find(secret)).toBeUndefined();
  });

  test("ends when nothing is asked at any of them, and lasts while something is asked at one", async () => {
    const place = await storePlace("PostgreSQL");
    const [one, other] = [await gateway(place, { idleMs: 1_500 }), await gateway(place, { idleMs: 1_500 })];
    const { session, secret } = await one.start();
    const startedAt = performance.now();
    // More often than it would take to end, and longer.
    const isOld = async (): Promise<boolean> => {
      await other.find(secret);
      return performance.now() - startedAt > 4_000;
    };
    await expect.poll(isOld, { interval: 50 }).toBe(true);
    expect(session.ended.aborted).toBe(false);
    const same = await other.find(secret);
    await expect.poll(() => [session.ended.aborted, same?.ended.aborted]).toEqual([true, true]);
    expect(await (await gateway(place)).find(secret)).toBeUndefined();
  });

  test("ends where too many are begun anywhere: those that were idle for longest go", async () => {
    const place = await storePlace("PostgreSQL");
    const [one, other] = [await gateway(place, { maxSessions: 2 }), await gateway(place, { maxSessions: 2 })];
    const first = await one.start();
    await other.start();
    await one.start();
    await expect.poll(() => first.session.ended.aborted).toBe(true);
  });
});
