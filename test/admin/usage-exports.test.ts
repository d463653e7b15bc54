import { expect, test } from "vitest";
import { ADMIN_KEY } from "../support/api-key.ts";
import { ENGINES, type Engine } from "../support/engines.ts";
import { record, requestRecord, type Recording } from "../support/recording.ts";
import { says, serve } from "../support/scripted-gateway.ts";

const OPERATOR = { headers: { authorization: `Bearer ${ADMIN_KEY}` } };
const HOUR_MS = 3_600_000;
/** The beginning of a UTC day. */
const MONDAY = Date.UTC(2026, 10, 23);
/** What the store gives at once here, and more accounts than that. */
const PAGE_ROWS = 100;
const ACCOUNTS = 250;

async function open(recording: Recording) {
  const { url } = await serve(says("Hello"), { records: recording.reader });
  const get = (query: string): Promise<Response> => fetch(`${url}/admin/api/usage?from=${MONDAY}&${query}`, OPERATOR);
  const page = async (query: string) =>
    (await (await get(query)).json()) as {
      data: readonly Record<string, unknown>[];
      nextCursor: string | null;
    };
  return { get, page };
}

/** So many accounts with one request each, and one that has two in another hour. */
async function many(engine: Engine = "SQLite"): Promise<Recording> {
  const recording = await record({}, engine);
  for (let count = 0; count < ACCOUNTS; count += 1) {
    recording.recorder.add(requestRecord({ at: MONDAY, account: `account-${count}` }));
  }
  for (const minute of [0, 1]) {
    recording.recorder.add(requestRecord({ at: MONDAY + HOUR_MS + minute * 60_000, account: "account-7" }));
  }
  await recording.recorder.flush();
  const { usage } = recording.reader;
  const page: typeof usage.page = (query, limit, after) => usage.page(query, Math.min(limit, PAGE_ROWS), after);
  return { ...recording, reader: { ...recording.reader, usage: { page } } };
}

test.each(ENGINES)(
  "on %s, more usage than a page holds is whole in the CSV and in the sums of all the time",
  async (engine) => {
    const { get, page } = await open(await many(engine));
    const query = `by=hour&group=account&to=${MONDAY + 2 * HOUR_MS}`;
    const csv = await (await get(`${query}&format=csv`)).text();
    const lines = csv.split("\r\n");
    expect([lines[0]?.startsWith("at,keyId,"), lines.length, lines.at(-1)]).toEqual([true, ACCOUNTS + 3, ""]);
    expect(new Set(lines).size).toBe(lines.length);
    const first = await page(`${query}&whole=true&limit=2`);
    expect(first.data).toMatchObject([
      { at: MONDAY, account: "account-7", requests: 3, promptTokens: 30, firstTokens: 3 },
      { at: MONDAY, requests: 1 },
    ]);
    const rows = [...first.data];
    for (let { nextCursor } = first; nextCursor !== null;) {
      const next = await page(`${query}&whole=true&limit=100&cursor=${nextCursor}`);
      rows.push(...next.data);
      ({ nextCursor } = next);
    }
    expect([new Set(rows.map(({ account }) => account)).size, rows.length]).toEqual([ACCOUNTS, ACCOUNTS]);
    const whole = await (await get(`${query}&whole=true&format=csv`)).text();
    expect(whole.split("\r\n")).toHaveLength(ACCOUNTS + 2);
  },
);

test("without a group, the sums of all the time are one row", async () => {
  const recording = await record();
  const { page } = await open(recording);
  const query = `by=day&to=${MONDAY + HOUR_MS}&whole=true`;
  expect(await page(query)).toMatchObject({ data: [], nextCursor: null });
  for (const account of ["alice", "bob"]) recording.recorder.add(requestRecord({ at: MONDAY, account }));
  expect((await page(query)).data).toMatchObject([{ at: MONDAY, account: null, key: null, requests: 2 }]);
});

test("a CSV that the store cannot read to its end breaks off, so that nobody takes it for whole", async () => {
  const recording = await many();
  const { usage } = recording.reader;
  let pages = 0;
  const page: typeof usage.page = async (...of) => {
    pages += 1;
    if (pages > 1) await recording.store[Symbol.asyncDispose]();
    return usage.page(...of);
  };
  const { get } = await open({ ...recording, reader: { ...recording.reader, usage: { page } } });
  const response = await get(`by=hour&group=account&to=${MONDAY + 2 * HOUR_MS}&format=csv`);
  expect(response.status).toBe(200);
  await expect(response.text()).rejects.toThrow(/terminated/);
});
