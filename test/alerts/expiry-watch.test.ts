import { expect, test } from "vitest";
import { ExpiryWatch } from "../../src/alerts/expiry-watch.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOON = 1_800_000_000_000;

/** When each hour's look at an account tells its expiry, in hours; the account's expiry may change with the hour. */
function toldAt(hours: number, expiresAt: (hour: number) => number | undefined, state = "ready"): number[] {
  const watch = new ExpiryWatch(3 * DAY_MS);
  return Array.from({ length: hours }, (_none, hour) => hour).filter((hour) => {
    return watch.check([{ id: "work", state, expiresAt: expiresAt(hour) }], NOON + hour * HOUR_MS).length > 0;
  });
}

test("a sign-in that nobody renews is told once, three days ahead", () => {
  expect(toldAt(24 * 10, () => NOON + 10 * DAY_MS)).toEqual([24 * 7]);
});

test("one that ends sooner when it is added is told at once", () => {
  expect(toldAt(24, () => NOON + DAY_MS)).toEqual([0]);
});

test("one that the site renews each week is never told", () => {
  expect(toldAt(24 * 60, (hour) => NOON + (Math.floor(hour / (24 * 7)) * 7 + 14) * DAY_MS)).toEqual([]);
});

test("one of a day that the site renews at half of it is told at the start only, when nobody knows of that yet", () => {
  expect(toldAt(24 * 10, (hour) => NOON + (Math.floor(hour / 12) * 12 + 24) * HOUR_MS)).toEqual([0]);
});

test("one that the site stops renewing is told again", () => {
  expect(toldAt(24 * 30, (hour) => NOON + (Math.min(Math.floor(hour / 24), 5) + 14) * DAY_MS)).toEqual([
    24 * (5 + 14 - 3),
  ]);
});

test.each([
  ["has no known end", "ready", undefined],
  ["has ended", "ready", NOON - 1],
  ["is signed out", "expired", NOON + DAY_MS],
  ["is out of use", "disabled", NOON + DAY_MS],
])("one that %s is not told", (_why, state, expiresAt) => {
  expect(toldAt(2, () => expiresAt, state)).toEqual([]);
});
