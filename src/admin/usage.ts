import type { RequestHandler, Response } from "express";
import { z } from "zod";
import { GatewayError } from "../errors.ts";
import { sendJson, setResponseHeaders } from "../http/respond.ts";
import type { RecordReader } from "../records/records.ts";
import { WIDTH_MS, type UsageQuery, type UsageRow, type UsageWidth } from "../store/usage-records.ts";
import { csvOf } from "./csv.ts";
import { cursorOf, placeIn } from "./cursor.ts";
import { queryOf } from "./input.ts";
import { listOf, listQuery } from "./list.ts";
import { readRecords, timeParameter } from "./read-records.ts";

const GROUPS = ["key", "account", "model"] as const;
/** What is shown where no time is given. */
const SPAN_MS: Readonly<Record<UsageWidth, number>> = {
  minute: WIDTH_MS.day,
  hour: 7 * WIDTH_MS.day,
  day: 90 * WIDTH_MS.day,
};
const PAGE_ROWS = 10_000;
const MAX_CSV_ROWS = 200_000;

const sum = (of: string) => z.int().meta({ description: `The sum of ${of}.` });
const told = z.string().nullable().meta({ description: "Null where the rows are not told apart by it." });

const usage = z
  .object({
    at: z.int().meta({ description: "When the minute, hour or UTC day began, in Unix time, milliseconds." }),
    keyId: told,
    key: told,
    account: told,
    model: told,
    requests: z.int(),
    failed: z.int().meta({ description: "Requests with an error. A client that disconnects is none." }),
    promptTokens: sum("the prompts' tokens"),
    completionTokens: sum("the answers' tokens, reasoning included"),
    reasoningTokens: sum("the reasoning's tokens"),
    queueMs: sum("the times in the queue; divide it by `requests`"),
    durationMs: sum("the times from arrival to end; divide it by `requests`"),
    firstTokenMs: sum("the times to the first text; divide it by `firstTokens`"),
    firstTokens: z.int().meta({ description: "How many answers `firstTokenMs` is the sum of." }),
  })
  .meta({ id: "UsageOfTime" });

export const usageListSchema = listOf(usage).meta({ id: "UsageList" });

export const usageQuery = listQuery.extend({
  limit: z.coerce.number().int().min(1).max(PAGE_ROWS).default(1_000).meta({ description: "How many rows at most." }),
  by: z.enum(["minute", "hour", "day"]).default("hour"),
  from: timeParameter.optional().meta({ description: "Default: a day, a week or 90 days before `to`." }),
  to: timeParameter.optional().meta({ description: "Not included. Default: now." }),
  group: z
    .string()
    .transform((names) => names.split(",").filter((name) => name !== ""))
    .pipe(z.array(z.enum(GROUPS)))
    .default([])
    .meta({ description: "What rows are told apart by, besides time: any of `key`, `account`, `model`, by commas." }),
  format: z.enum(["json", "csv"]).default("json").meta({ description: "`csv` has all rows, up to 200,000." }),
});

const place = z.tuple([z.int()], z.string());

/** `GET /admin/api/usage`: the earliest first. */
export function listUsage(records: RecordReader): RequestHandler {
  return async (asked, response) => {
    const { limit, cursor, format, ...wanted } = queryOf(asked, usageQuery);
    const query = inTime(wanted);
    await records.flush();
    if (format === "csv") return sendCsv(response, await allRows(records, query));
    const after = placeIn(cursor, place);
    const { rows, next } = await readRecords(() => records.usage.page(query, limit, after));
    sendJson(response, 200, { object: "list", data: rows, nextCursor: next ? cursorOf(next) : null });
  };
}

/** From the beginning of the first minute, hour or day. */
function inTime({
  by,
  from,
  to = Date.now(),
  group,
}: Omit<z.infer<typeof usageQuery>, "limit" | "format">): UsageQuery {
  const start = from ?? to - SPAN_MS[by];
  return { by, from: start - (start % WIDTH_MS[by]), to, group: GROUPS.filter((name) => group.includes(name)) };
}

async function allRows({ usage: records }: RecordReader, query: UsageQuery): Promise<readonly UsageRow[]> {
  const all: UsageRow[] = [];
  for (let after: readonly [number, ...string[]] | undefined; ;) {
    const { rows, next } = await readRecords(() => records.page(query, PAGE_ROWS, after));
    all.push(...rows);
    if (!next) return all;
    if (all.length >= MAX_CSV_ROWS) break;
    after = next;
  }
  const message = `The usage from 'from' to 'to' has more than ${MAX_CSV_ROWS} rows: ask for a shorter time.`;
  throw new GatewayError("invalid_value", message, { param: "from" });
}

const COLUMNS = Object.keys(usage.shape) as (keyof UsageRow)[];

function sendCsv(response: Response, rows: readonly UsageRow[]): void {
  const bytes = Buffer.from(csvOf(COLUMNS, rows));
  setResponseHeaders(response);
  response.writeHead(200, {
    "content-type": "text/csv; charset=utf-8",
    "content-disposition": 'attachment; filename="usage.csv"',
    "content-length": bytes.length,
  });
  response.end(bytes);
}
