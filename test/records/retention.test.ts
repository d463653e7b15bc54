import { describe, expect, test } from "vitest";
import { Retention, type RetentionOptions } from "../../src/records/retention.ts";
import { WIDTH_MS, type UsageWidth } from "../../src/store/usage-records.ts";
import { ENGINES } from "../support/engines.ts";
import { record, requestRecord, type Recording } from "../support/recording.ts";

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 10, 23, 12);
const MONTHS = { keepRequestsMs: 30 * DAY_MS, maxRequests: 100_000, keepUsageMs: 90 * DAY_MS };

/** Requests that came so many milliseconds ago, then what stays of them. */
async function prune(recording: Recording, agesMs: readonly number[], options: Partial<RetentionOptions> = {}) {
  const { recorder, store } = recording;
  for (const ageMs of agesMs) recorder.add(requestRecord({ id: `req_${ageMs}`, at: NOW - ageMs }));
  await recorder.flush();
  await using retention = new Retention(store.records, { ...MONTHS, ...options });
  await retention.prune(NOW);
}

async function agesIn({ store }: Recording): Promise<number[]> {
  const { rows } = await store.records.requests.page({}, 10_000);
  return rows.map(({ at }) => NOW - at);
}

async function bucketsIn({ store }: Recording, by: UsageWidth): Promise<number> {
  return (await store.records.usage.page({ by, from: 0, to: NOW + 1, group: [] }, 10_000)).rows.length;
}

describe.each(ENGINES)("on %s", (engine) => {
  test("requests are deleted after their days", async () => {
    const recording = await record({}, engine);
    await prune(recording, [31 * DAY_MS, 30 * DAY_MS + 1, 30 * DAY_MS, DAY_MS, 0]);
    expect(await agesIn(recording)).toEqual([0, DAY_MS, 30 * DAY_MS]);
  });

  test("only the last requests are kept when there are too many, however many that are", async () => {
    const recording = await record({}, engine);
    const agesMs = Array.from({ length: 1_700 }, (_none, index) => 1_700 - index);
    await prune(recording, agesMs, { maxRequests: 100 });
    expect(await agesIn(recording)).toEqual(Array.from({ length: 100 }, (_none, index) => index + 1));
  });

  test("usage by minute is kept for a day, by hour and day for its days", async () => {
    const recording = await record({}, engine);
    const { minute, hour } = WIDTH_MS;
    await prune(recording, [0, minute, DAY_MS - minute, DAY_MS + minute, 89 * DAY_MS, 90 * DAY_MS + hour, 92 * DAY_MS]);
    expect(await bucketsIn(recording, "minute")).toBe(3);
    expect(await bucketsIn(recording, "hour")).toBe(5);
    expect(await bucketsIn(recording, "day")).toBe(3);
  });

  test("events are deleted with the usage of their time", async () => {
    const recording = await record({}, engine);
    const { events } = recording.store.records;
    const event = { kind: "audit" as const, account: null, actor: null, summary: "x", before: null, after: null };
    const batch = [91, 89].map((days) => ({ ...event, at: NOW - days * DAY_MS }));
    await recording.store.records.write({ requests: [], counted: [], events: batch });
    await prune(recording, []);
    expect((await events.page({}, 50)).rows.map(({ at }) => (NOW - at) / DAY_MS)).toEqual([89]);
  });
});
