import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RateLimit } from "../../src/pool/rate-limiter.ts";
import { moveOn, VirtualPool, type Arrival, type Outcome } from "./virtual-pool.ts";

/** Timers fire on whole milliseconds, and a forecast is made between two of them. */
const ROUNDING_MS = 5;
/** A request may be refused though it would have been served in the last twentieth of its time. */
const SAFE_SHARE = 0.95;
const RUNS = 60;

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date", "performance"],
    now: 1_800_000_000_000,
  });
});
afterEach(() => {
  vi.useRealTimers();
});

/** When a request would have started, had it been admitted: behind those that came before it, as they really started. */
function startOf(refused: Outcome, earlier: readonly Outcome[], accounts: number, limit: RateLimit): number {
  const starts = Array.from({ length: accounts }, (_, index) => {
    const own = earlier.filter(({ account }) => account === `account-${index}`);
    const sends = own.map(({ startMs = 0 }) => startMs).toSorted((one, other) => one - other);
    const free = Math.max(0, ...own.map(({ startMs = 0, answerMs }) => startMs + answerMs));
    const paced = (sends.at(-limit.count) ?? -Infinity) + limit.windowMs;
    return Math.max(refused.atMs, free, paced);
  });
  return Math.min(...starts);
}

const situation = fc.record({
  accounts: fc.integer({ min: 1, max: 3 }),
  limit: fc.record({ count: fc.integer({ min: 1, max: 3 }), windowMs: fc.integer({ min: 1_000, max: 60_000 }) }),
  timeoutMs: fc.integer({ min: 1_000, max: 120_000 }),
  answerMs: fc.integer({ min: 10, max: 20_000 }),
  gaps: fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 10_000 })), { minLength: 3, maxLength: 25 }),
});

function arrivalsOf(gaps: readonly number[], answerMs: number): Arrival[] {
  return gaps.map((afterMs) => ({ afterMs, answerMs, keyId: "one" }));
}

test("a request is refused at once if its turn comes too late, and only then", { timeout: 120_000 }, async () => {
  let [served, refusals] = [0, 0];
  const property = fc.asyncProperty(situation, async ({ accounts, limit, timeoutMs, answerMs, gaps }) => {
    await using pool = new VirtualPool(limit, timeoutMs);
    await pool.addAccounts(accounts);
    // The first answer tells how long one takes.
    const [first] = await pool.play(arrivalsOf([0], answerMs));
    const outcomes = await pool.play(arrivalsOf(gaps, answerMs));
    const admitted = outcomes.filter(({ refused }) => !refused);
    const waits = admitted.map(({ startMs = NaN, atMs }) => startMs - atMs);
    expect(Math.max(0, ...waits)).toBeLessThanOrEqual(timeoutMs + ROUNDING_MS);
    const refused = outcomes.filter((outcome) => outcome.refused);
    const told = refused.map((outcome) => [outcome.refused?.error.code, (outcome.refused?.atMs ?? NaN) - outcome.atMs]);
    expect(told).toEqual(refused.map(() => ["rate_limit_exceeded", 0]));
    const wouldWait = refused.map((outcome) => {
      const earlier = [first, ...outcomes.slice(0, outcomes.indexOf(outcome))];
      const started = earlier.filter((one) => one?.startMs !== undefined) as Outcome[];
      return startOf(outcome, started, accounts, limit) - outcome.atMs;
    });
    expect(Math.min(Infinity, ...wouldWait)).toBeGreaterThanOrEqual(timeoutMs * SAFE_SHARE - ROUNDING_MS);
    served += admitted.length;
    refusals += refused.length;
  });
  await fc.assert(property, { numRuns: RUNS });
  expect(served).toBeGreaterThan(100);
  expect(refusals).toBeGreaterThan(50);
});

test("a request that comes again when it was told to is served in its time", { timeout: 120_000 }, async () => {
  let retries = 0;
  const property = fc.asyncProperty(situation, async ({ accounts, limit, timeoutMs, answerMs, gaps }) => {
    await using pool = new VirtualPool(limit, timeoutMs);
    await pool.addAccounts(accounts);
    await pool.play(arrivalsOf([0], answerMs));
    const waiting = gaps.map(() => pool.ask({ afterMs: 0, answerMs, keyId: "one" }));
    await moveOn(0);
    const asked = pool.ask({ afterMs: 0, answerMs, keyId: "one" });
    waiting.push(asked);
    await moveOn(0);
    const { refused } = await Promise.race([asked, Promise.resolve({ refused: undefined })]);
    await moveOn(Math.ceil(refused?.error.retryAfterMs ?? 0));
    const again = refused && (await pool.until(pool.ask({ afterMs: 0, answerMs, keyId: "one" })));
    expect(again?.refused?.error.message).toBeUndefined();
    retries += refused ? 1 : 0;
    await pool.until(Promise.all(waiting));
  });
  await fc.assert(property, { numRuns: RUNS });
  expect(retries).toBeGreaterThan(10);
});

test(
  "however long answers take, no request that waits for a rate limit runs out of time",
  { timeout: 120_000 },
  async () => {
    const paced = fc.record({
      count: fc.integer({ min: 1, max: 3 }),
      accounts: fc.integer({ min: 1, max: 3 }),
      timeoutMs: fc.integer({ min: 200_000, max: 300_000 }),
      arrivals: fc.array(
        fc.record({
          afterMs: fc.integer({ min: 0, max: 10_000 }),
          answerMs: fc.integer({ min: 10, max: 3_000 }),
          keyId: fc.constantFrom("one", "two", "three"),
        }),
        { minLength: 5, maxLength: 40 },
      ),
    });
    let [served, displaced] = [0, 0];
    const property = fc.asyncProperty(paced, async ({ count, accounts, timeoutMs, arrivals }) => {
      await using pool = new VirtualPool({ count, windowMs: 60_000 }, timeoutMs);
      await pool.addAccounts(accounts);
      const keys = new Set(arrivals.map(({ keyId }) => keyId)).size;
      const outcomes = await pool.play(arrivals);
      const refused = outcomes.filter((outcome) => outcome.refused);
      expect(refused.map((outcome) => outcome.refused?.error.code)).toEqual(refused.map(() => "rate_limit_exceeded"));
      // Only another keyId's request, which comes first, can take a place that was promised; and it is told early.
      const waited = refused.map((outcome) => (outcome.refused?.atMs ?? NaN) - outcome.atMs).filter((ms) => ms > 0);
      expect(waited.filter((ms) => keys === 1 || ms >= timeoutMs)).toEqual([]);
      served += outcomes.length - refused.length;
      displaced += waited.length;
    });
    await fc.assert(property, { numRuns: RUNS });
    expect(served).toBeGreaterThan(100);
    expect(displaced).toBeGreaterThan(0);
  },
);

test("in a short queue that several keys fill, no request runs out of time either", { timeout: 120_000 }, async () => {
  const arrival = fc.record({
    afterMs: fc.integer({ min: 0, max: 2_000 }),
    answerMs: fc.integer({ min: 10, max: 3_000 }),
    keyId: fc.constantFrom("greedy", "greedy", "greedy", "greedy", "two", "three"),
  });
  const crowded = fc.record({
    accounts: fc.integer({ min: 1, max: 2 }),
    places: fc.integer({ min: 1, max: 6 }),
    arrivals: fc.array(arrival, { minLength: 10, maxLength: 40 }),
  });
  let [served, evicted] = [0, 0];
  const timeoutMs = 900_000;
  const property = fc.asyncProperty(crowded, async ({ accounts, places, arrivals }) => {
    await using pool = new VirtualPool({ count: 2, windowMs: 60_000 }, timeoutMs, { places });
    await pool.addAccounts(accounts);
    const outcomes = await pool.play(arrivals);
    const refused = outcomes.filter((outcome) => outcome.refused);
    expect(refused.map((outcome) => outcome.refused?.error.code)).toEqual(refused.map(() => "rate_limit_exceeded"));
    const told = refused.map((outcome) => outcome.refused?.error.retryAfterMs ?? NaN);
    // The next place is free a minute later at the latest, when a rate limit allows the next request.
    expect(told.filter((ms) => !(ms >= 1_000 && ms <= 64_000))).toEqual([]);
    served += outcomes.length - refused.length;
    evicted += refused.filter((outcome) => (outcome.refused?.atMs ?? NaN) > outcome.atMs).length;
  });
  await fc.assert(property, { numRuns: RUNS });
  expect(served).toBeGreaterThan(100);
  expect(evicted).toBeGreaterThan(20);
});

test("an account is never asked more often than its pace allows in any span of time, and no more slowly", async () => {
  const windowMs = 10_000;
  await using pool = new VirtualPool({ count: 2, windowMs }, 60_000);
  await pool.addAccounts(1);
  const outcomes = await pool.play(arrivalsOf([0, 0, 0, 0, 0], 10));
  const starts = outcomes.map(({ startMs = NaN }) => startMs).toSorted((one, other) => one - other);
  // The third after the first, the fourth after the second, and so on.
  const spans = starts.slice(2).map((start, index) => start - (starts[index] ?? NaN));
  expect(Math.min(...spans)).toBeGreaterThanOrEqual(windowMs);
  // Five requests fill two windows and begin a third.
  expect((starts.at(-1) ?? NaN) - (starts[0] ?? NaN)).toBeLessThan(2.2 * windowMs);
});

test("when an account is lost, requests whose turn now comes too late are told so at once", async () => {
  await using pool = new VirtualPool({ count: 1, windowMs: 60_000 }, 190_000);
  await pool.addAccounts(2);
  // Two at once and two in each further minute, until one account is gone: then the fifth and sixth are too late.
  const asked = Array.from({ length: 6 }, () => pool.ask({ afterMs: 0, answerMs: 10, keyId: "one" }));
  await moveOn(1_000);
  expect(pool.queue.length).toBe(4);
  expect(Math.round((pool.queue.estimatedWaitMs ?? 0) / 1_000)).toBe(179);
  await pool.remove("account-1");
  await moveOn(0);
  expect(pool.queue.length).toBe(3);
  const outcomes = await pool.until(Promise.all(asked));
  expect(outcomes.map(({ refused }) => refused?.error.code)).toEqual([
    ...Array(5).fill(undefined),
    "rate_limit_exceeded",
  ]);
  expect(outcomes.at(-1)?.refused?.atMs ?? Infinity).toBeLessThan((outcomes[0]?.atMs ?? 0) + 2_000);
  expect(outcomes.map(({ startMs = NaN, atMs }) => Math.round((startMs - atMs) / 60_000))).toEqual([
    0,
    0,
    1,
    2,
    3,
    NaN,
  ]);
});

test("when the last account is lost, requests that wait for it are told so at once", async () => {
  await using pool = new VirtualPool({ count: 1, windowMs: 60_000 }, 190_000);
  await pool.addAccounts(1);
  const asked = [1, 2].map(() => pool.ask({ afterMs: 0, answerMs: 10, keyId: "one" }));
  await moveOn(1_000);
  await pool.remove("account-0");
  const [, waited] = await pool.until(Promise.all(asked));
  expect(waited?.refused?.error.code).toBe("no_usable_account");
  expect(pool.queue).toEqual({ length: 0, estimatedWaitMs: undefined });
});

test("a page that takes longer to open than requests may wait is opened for them all the same", async () => {
  const openMs = 5_000;
  await using pool = new VirtualPool({ count: 9, windowMs: 1_000 }, 2_000, { openMs, hibernateAfterMs: 30_000 });
  await pool.addAccounts(1);
  while (!pool.states.includes("idle")) await moveOn(1_000);
  const ask = async (): Promise<Outcome> => pool.until(pool.ask({ afterMs: 0, answerMs: 10, keyId: "one" }));
  expect((await ask()).refused?.error.code).toBe("queue_timeout");
  await moveOn(openMs);
  expect((await ask()).refused).toBe(undefined);
});
