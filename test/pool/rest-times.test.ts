import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { moveOn, VirtualPool, type Arrival, type Outcome } from "./virtual-pool.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date", "performance"] });
});
afterEach(() => void vi.useRealTimers());

const ARRIVAL: Arrival = { afterMs: 0, answerMs: 5_000, keyId: "one" };

function waited({ atMs, startMs = Number.NaN, pacedMs = Number.NaN }: Outcome): number[] {
  return [startMs - atMs, pacedMs].map((ms) => Math.round(ms / 1_000));
}

test("a request's wait tells how much of it an account's rate limit took, whoever was served before", async () => {
  await using pool = new VirtualPool({ count: 1, windowMs: 60_000 }, 600_000);
  await pool.addAccounts(1);
  const outcomes = await pool.play([ARRIVAL, ARRIVAL, ARRIVAL, { ...ARRIVAL, afterMs: 30_000 }]);
  // Of each minute, the account answers for five seconds and rests for the others.
  expect(outcomes.map(waited)).toEqual([
    [0, 0],
    [60, 55],
    [120, 110],
    [150, 140],
  ]);
});

test("a request that waits for another's answer was not held back by a rate limit", async () => {
  await using pool = new VirtualPool({ count: 1_000, windowMs: 1_000 }, 600_000);
  await pool.addAccounts(1);
  await moveOn(10_000);
  expect((await pool.play([ARRIVAL, ARRIVAL])).map(waited)).toEqual([
    [0, 0],
    [5, 0],
  ]);
});
