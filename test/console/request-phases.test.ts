import { expect, test } from "vitest";
import { phasesOf } from "../../console/pages/requests/phases.ts";

const NONE = { durationMs: 0, queueMs: null, paceMs: null, leaseMs: null, firstByteMs: null, streamMs: null };

test("a request's time is told by phase, and the rate limit's part is not counted twice", () => {
  const row = { durationMs: 1_000, queueMs: 400, paceMs: 300, leaseMs: 50, firstByteMs: 150, streamMs: 350 };
  expect(phasesOf(row).map(({ name, ms }) => [name, ms])).toEqual([
    ["queue", 100],
    ["pace", 300],
    ["lease", 50],
    ["firstByte", 150],
    ["stream", 350],
    ["other", 50],
  ]);
});

test("what is in no phase is shown as other, and a request without phases is all other", () => {
  expect(phasesOf({ ...NONE, durationMs: 20 })).toEqual([{ name: "other", label: "other", ms: 20 }]);
  expect(phasesOf(NONE)).toEqual([]);
});
