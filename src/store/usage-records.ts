import { sql, type Kysely } from "kysely";
import { batches } from "../process/batches.ts";
import type { Database } from "./database.ts";
import type { Schema } from "./schema.ts";
import type { UsageTable } from "./record-tables.ts";
import { CLIENT_LEFT } from "./request-filter.ts";
import type { StoredRequest } from "./request-records.ts";

/** How long one row's time is; days are days of UTC. */
export type UsageWidth = "minute" | "hour" | "day";
/** By what the rows are told apart, besides their time. */
export type UsageGroup = "key" | "account" | "model";

/** Sums of the requests that came in one minute, hour or day. What they are not told apart by is null. */
export interface UsageRow {
  /** When the minute, hour or day began. */
  readonly at: number;
  readonly keyId: string | null;
  readonly key: string | null;
  readonly account: string | null;
  readonly model: string | null;
  readonly requests: number;
  readonly failed: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly reasoningTokens: number;
  readonly queueMs: number;
  readonly durationMs: number;
  readonly firstTokenMs: number;
  /** How many answers `firstTokenMs` is the sum of. */
  readonly firstTokens: number;
}

export interface UsageQuery {
  readonly by: UsageWidth;
  readonly from: number;
  /** Not included. */
  readonly to: number;
  readonly group: readonly UsageGroup[];
}

/** Where a page of usage ends: the time of its last row, and what that row is of, in the order of the groups. */
export type UsagePosition = readonly [at: number, ...of: string[]];

export interface UsagePage {
  readonly rows: readonly UsageRow[];
  /** Where the next page begins; undefined at the end. */
  readonly next: UsagePosition | undefined;
}

export const WIDTH_MS: Readonly<Record<UsageWidth, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };
/** So much time is read at once: what other users of the database wait for is short. */
const SLICE_MS: Readonly<Record<UsageWidth, number>> = {
  minute: 2 * WIDTH_MS.hour,
  hour: 5 * WIDTH_MS.day,
  day: 120 * WIDTH_MS.day,
};
const WIDTHS = ["minute", "hour", "day"] as const;
const COLUMNS = { key: "key_id", account: "account", model: "model" } as const;
/** SQLite takes a limited number of parameters at once. */
const ROWS_AT_ONCE = 500;

const SUMS = [
  "requests",
  "failed",
  "prompt_tokens",
  "completion_tokens",
  "reasoning_tokens",
  "queue_ms",
  "duration_ms",
  "first_token_ms",
  "first_tokens",
] as const;

/** What was used, in minutes, hours and days. Methods that read throw StoreError. */
export class UsageRecords {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Earliest first. Reads slice by slice, so that nobody waits long for the database meanwhile. */
  async page({ by, from, to, group }: UsageQuery, limit: number, after?: UsagePosition): Promise<UsagePage> {
    const rows: UsageRow[] = [];
    // Only slices with rows are read: a caller may ask for any time.
    const firstIn = (start: number): Promise<number | undefined> => this.#firstIn(by, start, to);
    let start = await firstIn(Math.max(from, after?.[0] ?? from));
    for (; start !== undefined && rows.length <= limit; start = await firstIn(start + SLICE_MS[by])) {
      const slice = { by, from: start, to: Math.min(to, start + SLICE_MS[by]), group };
      rows.push(...(await this.#slice(slice, limit + 1 - rows.length, after)));
    }
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    const positionOf = (row: UsageRow): UsagePosition => {
      const values = { key: row.keyId, account: row.account, model: row.model };
      return [row.at, ...group.map((name) => values[name] ?? "")];
    };
    return { rows: rows.slice(0, limit), next: last && positionOf(last) };
  }

  /** Part of one transaction with the requests. */
  async add(db: Kysely<Schema>, requests: readonly StoredRequest[]): Promise<void> {
    for (const width of WIDTHS) {
      const table = tableOf(width);
      const sums = sumsOf(requests, WIDTH_MS[width]);
      for (const some of batches(sums, ROWS_AT_ONCE)) {
        await db
          .insertInto(table)
          .values(some)
          .onConflict((conflict) =>
            conflict.columns(["at", "key_id", "account", "model"]).doUpdateSet((update) => ({
              key_name: update.ref("excluded.key_name"),
              ...Object.fromEntries(
                SUMS.map((name) => [name, sql`${sql.ref(`${table}.${name}`)} + ${sql.ref(`excluded.${name}`)}`]),
              ),
            })),
          )
          .execute();
      }
    }
  }

  /** Deletes at most `limit` of the rows from before `beforeAt`. Returns whether there may be more. */
  async prune(width: UsageWidth, beforeAt: number, limit: number): Promise<boolean> {
    const table = sql.table(`usage_${width}`);
    const { numAffectedRows } = await this.#database.run((db) =>
      sql`
        DELETE FROM ${table} WHERE (at, key_id, account, model) IN
          (SELECT at, key_id, account, model FROM ${table} WHERE at < ${beforeAt} ORDER BY at LIMIT ${limit})`.execute(
        db,
      ),
    );
    return Number(numAffectedRows) === limit;
  }

  /** When the first row of this time begins; undefined where there is none. */
  async #firstIn(by: UsageWidth, from: number, to: number): Promise<number | undefined> {
    const row = await this.#database.run((db) =>
      db
        .selectFrom(tableOf(by))
        .select("at")
        .where("at", ">=", from)
        .where("at", "<", to)
        .orderBy("at")
        .limit(1)
        .execute(),
    );
    return row[0]?.at;
  }

  async #slice(
    { by, from, to, group }: UsageQuery,
    limit: number,
    after?: UsagePosition,
  ): Promise<readonly UsageRow[]> {
    const columns = ["at", ...group.map((name) => COLUMNS[name])];
    // With the table's name, since some of what is selected has the same names.
    const place = sql.join(columns.map((name) => sql.ref(`${tableOf(by)}.${name}`)));
    const shown = (name: UsageGroup, value: string) => (group.includes(name) ? sql.raw(value) : sql.raw("NULL"));
    const { rows } = await this.#database.run((db) =>
      sql<UsageRow>`
        SELECT at, ${shown("key", "key_id")} AS "keyId", ${shown("key", "max(key_name)")} AS key,
          ${shown("account", "nullif(account, '')")} AS account, ${shown("model", "nullif(model, '')")} AS model,
          sum(requests) AS requests, sum(failed) AS failed, sum(prompt_tokens) AS "promptTokens",
          sum(completion_tokens) AS "completionTokens", sum(reasoning_tokens) AS "reasoningTokens",
          sum(queue_ms) AS "queueMs", sum(duration_ms) AS "durationMs", sum(first_token_ms) AS "firstTokenMs",
          sum(first_tokens) AS "firstTokens"
        FROM ${sql.table(tableOf(by))}
        WHERE at >= ${from} AND at < ${to} ${after ? sql`AND (${place}) > (${sql.join([...after])})` : sql``}
        GROUP BY ${place} ORDER BY ${place} LIMIT ${limit}`.execute(db),
    );
    return rows;
  }
}

/** The three tables are alike. */
function tableOf(width: UsageWidth): "usage_hour" {
  return `usage_${width}` as "usage_hour";
}

function sumsOf(requests: readonly StoredRequest[], widthMs: number): UsageTable[] {
  const sums = new Map<string, Record<(typeof SUMS)[number], number> & Omit<UsageTable, (typeof SUMS)[number]>>();
  for (const request of requests) {
    const { keyId: key_id, key: key_name, account, model } = request;
    const at = Math.floor(request.at / widthMs) * widthMs;
    const place = JSON.stringify([at, key_id, account, model]);
    const nothing = Object.fromEntries(SUMS.map((name) => [name, 0])) as Record<(typeof SUMS)[number], number>;
    const sum = sums.get(place) ?? { at, key_id, key_name, account: account ?? "", model: model ?? "", ...nothing };
    const added = amountsOf(request);
    for (const name of SUMS) sum[name] += added[name];
    sums.set(place, sum);
  }
  // In one order: two gateways that write at the same time wait for each other, and never in a circle.
  return [...sums].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, sum]) => sum);
}

function amountsOf(request: StoredRequest): Record<(typeof SUMS)[number], number> {
  return {
    requests: 1,
    failed: request.code === null || request.code === CLIENT_LEFT ? 0 : 1,
    prompt_tokens: request.promptTokens ?? 0,
    completion_tokens: request.completionTokens ?? 0,
    reasoning_tokens: request.reasoningTokens ?? 0,
    queue_ms: request.queueMs ?? 0,
    duration_ms: request.durationMs,
    first_token_ms: request.firstTokenMs ?? 0,
    first_tokens: request.firstTokenMs === null ? 0 : 1,
  };
}
