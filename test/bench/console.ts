import { performance } from "node:perf_hooks";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { RecordStore } from "../../src/store/record-store.ts";
import type { UsageQuery } from "../../src/store/usage-records.ts";
import { openStore } from "../../src/store/store.ts";
import { formatMs } from "./measure.ts";
import { table } from "./statistics.ts";

export const SECRET_KEY = "a secret key of thirty-two bytes or more";
const ACCOUNTS = 200;
const KEYS = 3;
const REQUESTS = 10_000;
const DAYS = 90;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const ROUNDS = 15;

/** A table of the numbers from 0, in SQL. */
function numbers(name: string, count: number): string {
  return `${name}(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM ${name} WHERE i < ${count - 1})`;
}

/** A store as it is after 90 days in which every key used every account in every hour: as many rows as there can be. */
export async function fillStore(stateDir: string, nowMs: number): Promise<void> {
  await (await openStore({ stateDir, secretKey: SECRET_KEY }))[Symbol.asyncDispose]();
  using sqlite = new DatabaseSync(join(stateDir, "gateway.sqlite"));
  const midnight = nowMs - (nowMs % DAY_MS);
  const sums = "12, 1, 12000, 9000, 3000, 60000, 240000, 36000, 11";
  const usage = (tableName: string, widthMs: number, rows: number): string => `
    WITH ${numbers("time", rows)}, ${numbers("key", KEYS)}, ${numbers("account", ACCOUNTS)}
    INSERT INTO ${tableName}
    SELECT ${midnight + DAY_MS} - (time.i + 1) * ${widthMs}, 'key_' || key.i, 'account-' || account.i, 'gptomni', 'team-' || key.i, ${sums}
    FROM time, key, account`;
  sqlite.exec(`
    BEGIN;
    ${usage("usage_day", DAY_MS, DAYS)};
    ${usage("usage_hour", HOUR_MS, DAYS * 24)};
    ${usage("usage_minute", 60_000, 24 * 60)};
    WITH ${numbers("n", REQUESTS)}
    INSERT INTO request (id, at, key_id, key_name, account, model, method, route, status, code, attempts, duration_ms, queue_ms,
      lease_ms, first_byte_ms, stream_ms, first_token_ms, prompt_tokens, completion_tokens, reasoning_tokens)
    SELECT printf('req_%032x', i), ${nowMs} - i * 60000, 'key_' || (i % ${KEYS}), 'team-' || (i % ${KEYS}),
      'account-' || (i % ${ACCOUNTS}), 'gptomni', 'POST', '/v1/chat/completions', iif(i % 97 = 0, 502, 200),
      iif(i % 97 = 0, 'site_failed', NULL), 1, 20000, 5000, 40, 2500, 12000, 3100, 1000, 750, 250
    FROM n;
    COMMIT`);
}

/** How long `work` takes, round by round. What it returns is waited for before the next round and does not count. */
async function timed(work: () => Promise<unknown>): Promise<readonly number[]> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const startedMs = performance.now();
    const rest = await work();
    times.push(performance.now() - startedMs);
    await (rest instanceof Rest ? rest.promise : undefined);
  }
  return times;
}

class Rest {
  readonly promise: Promise<unknown>;

  constructor(promise: Promise<unknown>) {
    this.promise = promise;
  }
}

/** What the console asks for, in a store that is full: how long each answer takes, and an account's save meanwhile. */
export async function measureConsole(stateDir: string): Promise<string> {
  const nowMs = Date.now();
  const folder = join(stateDir, "console");
  await fillStore(folder, nowMs);
  const startedMs = performance.now();
  await using store = await openStore({ stateDir: folder, secretKey: SECRET_KEY });
  const openMs = performance.now() - startedMs;
  const rows: string[][] = [["open the store", openMs.toFixed(0), ""]];
  const measure = async (name: string, work: () => Promise<unknown>): Promise<void> => {
    const times = await timed(work);
    rows.push([name, formatMs(times, 0.5), formatMs(times, 0.99)]);
  };
  for (const [name, work] of questions(store.records, nowMs)) await measure(name, work);
  const account = { id: "account-1", signInKey: "cookie", cookie: "cookie" };
  const save = (): Promise<boolean> => store.accounts.save(account, STORED);
  await measure("save an account", save);
  const [, usage] = questions(store.records, nowMs).at(-1) ?? ["", save];
  await measure("save an account while usage by hour is read", async () => {
    const reading = usage();
    await save();
    return new Rest(reading);
  });
  return `${REQUESTS} requests, ${ACCOUNTS} accounts, ${KEYS} keys, ${DAYS} days of usage in every hour\n${table(
    ["", "p50, ms", "p99, ms"],
    rows,
  )}`;
}

const STORED = {
  cookies: "[]",
  state: "ready",
  reason: "",
  since: 1,
  nextTryAt: undefined,
  failuresInARow: 0,
  sentAt: [],
};

function questions(records: RecordStore, nowMs: number): readonly [string, () => Promise<unknown>][] {
  const usage = (query: Partial<UsageQuery>, limit = 10_000) => {
    const from = nowMs - DAYS * DAY_MS;
    return () => records.usage.page({ by: "day", from, to: nowMs, group: [], ...query }, limit);
  };
  const aWeek = nowMs - 7 * DAY_MS;
  return [
    ["requests, first page", () => records.requests.page({}, 50)],
    ["requests, last page", () => records.requests.page({}, 50, { at: nowMs - (REQUESTS - 50) * 60_000, seq: 0 })],
    ["requests of an account, failed", () => records.requests.page({ account: "account-7", outcome: "failed" }, 50)],
    ["requests, nothing found", () => records.requests.page({ code: "none" }, 50)],
    ["usage of 90 days by day", usage({})],
    ["usage of 90 days by day and key", usage({ group: ["key"] })],
    ["usage of 90 days by day and account", usage({ group: ["account"] })],
    ["usage of 90 days by day, key and account, 10,000 rows", usage({ group: ["key", "account"] })],
    ["usage of a week by hour and key", usage({ by: "hour", from: aWeek, group: ["key"] })],
    ["usage of a week by hour and account, 1,000 rows", usage({ by: "hour", from: aWeek, group: ["account"] }, 1_000)],
    ["usage of a day by minute", usage({ by: "minute", from: nowMs - DAY_MS })],
    ["usage of 90 days by hour and key", usage({ by: "hour", group: ["key"] })],
  ];
}
