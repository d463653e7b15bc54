import { expect, test } from "vitest";
import type { UsageRow } from "../../console/api/contract.ts";
import { bucketsOf, totalsOf } from "../../console/pages/usage/sums.ts";

const HOUR_MS = 3_600_000;

function row(given: Partial<UsageRow>): UsageRow {
  return {
    at: 0,
    keyId: null,
    key: null,
    account: null,
    model: null,
    requests: 0,
    failed: 0,
    promptTokens: 0,
    completionTokens: 0,
    reasoningTokens: 0,
    queueMs: 0,
    durationMs: 0,
    firstTokenMs: 0,
    firstTokens: 0,
    ...given,
  };
}

test("rows of one key are added up over time, the busiest first, and means are weighted", () => {
  const rows = [
    row({ key: "anna", requests: 1, queueMs: 900, firstTokenMs: 100, firstTokens: 1 }),
    row({ key: "ben", requests: 9, failed: 2 }),
    row({ key: "anna", at: HOUR_MS, requests: 2, queueMs: 0, firstTokenMs: 500, firstTokens: 2, promptTokens: 7 }),
  ];
  expect(totalsOf(rows, ["key"])).toEqual([
    expect.objectContaining({ names: ["ben"], requests: 9, failed: 2, queueMs: 0, firstTokenMs: undefined }),
    expect.objectContaining({ names: ["anna"], requests: 3, queueMs: 300, firstTokenMs: 200, promptTokens: 7 }),
  ]);
});

test("hours without requests are zeros, and rows outside of the time are left out", () => {
  const rows = [
    row({ at: HOUR_MS, requests: 3, failed: 1 }),
    row({ at: HOUR_MS, requests: 1 }),
    row({ at: 9 * HOUR_MS, requests: 5 }),
  ];
  expect(bucketsOf(rows, { from: 0, to: 3 * HOUR_MS, stepMs: HOUR_MS })).toEqual({
    at: [0, HOUR_MS, 2 * HOUR_MS],
    good: [0, 3, 0],
    bad: [0, 1, 0],
  });
});
