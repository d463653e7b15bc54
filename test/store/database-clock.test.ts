import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { DatabaseClock } from "../../src/store/database-clock.ts";

const HOUR_MS = 3_600_000;

// No time passes between two readings, however busy the machine is.
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date", "performance"] }));
afterEach(() => void vi.useRealTimers());

/** A database whose clock is ahead by so much, and answers after so long on each way. */
function answer(clock: DatabaseClock, aheadMs: number, waysMs: readonly [number, number]): void {
  const sentMs = performance.now();
  const databaseAt = Date.now() + waysMs[0] + aheadMs;
  clock.measure(databaseAt, sentMs, sentMs + waysMs[0] + waysMs[1]);
}

test("times are the database's, however wrong this machine's clock is", () => {
  const clock = new DatabaseClock();
  answer(clock, HOUR_MS, [1, 1]);
  const at = Date.now() - 60_000;
  expect(Math.abs(clock.toStored(at) - (at + HOUR_MS))).toBeLessThan(50);
  expect(Math.abs(clock.toLocal(clock.toStored(at)) - at)).toBeLessThan(50);
});

test("an answer that came late does not move the clock", () => {
  const clock = new DatabaseClock();
  answer(clock, 0, [1, 1]);
  answer(clock, 0, [2_000, 0]);
  expect(Math.abs(clock.now() - Date.now())).toBeLessThan(50);
});

test("a clock that was set is followed at once", () => {
  const clock = new DatabaseClock();
  answer(clock, 0, [1, 1]);
  answer(clock, -HOUR_MS, [1, 1]);
  expect(Math.abs(clock.now() - (Date.now() - HOUR_MS))).toBeLessThan(50);
});

test("a clock of this machine that is set moves no time of the database", () => {
  const clock = new DatabaseClock();
  answer(clock, 0, [1, 1]);
  const before = clock.now();
  vi.spyOn(Date, "now").mockReturnValue(0);
  try {
    expect(clock.now() - before).toBeLessThan(1_000);
    expect(clock.toStored(-5_000)).toBeGreaterThan(before - 5_001);
    expect(clock.toLocal(clock.now())).toBe(0);
  } finally {
    vi.restoreAllMocks();
  }
});
