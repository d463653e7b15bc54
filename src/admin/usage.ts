import { pipeline } from "node:stream/promises";
import type { RequestHandler, Response } from "express";
import { z } from "zod";
import { sendJson, setResponseHeaders } from "../http/respond.ts";
import type { RecordReader } from "../records/records.ts";
import { usagePages, usageTotals } from "../records/usage-totals.ts";
import { WIDTH_MS, type UsageQuery, type UsageRow, type UsageWidth } from "../store/usage-records.ts";
import { csvHead, csvLines } from "./csv.ts";
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

const sum = (of: string) => z.int().meta({ description: `The sum of ${of}.` });
const told = z.string().nullable().meta({ description: "Null where the rows are not told apart by it." });

const usage = z
  .object({
    at: z.int().meta({
      description: "When the minute, hour or UTC day began, or with `whole` the time; Unix time in milliseconds.",
    }),
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
  whole: z
    .enum(["true", "false"])
    .default("false")
    .meta({ description: "`true`: one row for all of the time, in place of one for each `by`; most requests first." }),
  format: z.enum(["json", "csv"]).default("json").meta({ description: "`csv` has all rows." }),
});

const place = z.tuple([z.int()], z.string());
const placeOfTotal = z.tuple([z.int().min(0)]);

/** `GET /admin/api/usage`: the earliest first, or with `whole` most requests first. */
export function listUsage(records: RecordReader): RequestHandler {
  return async (asked, response) => {
    const { limit, cursor, format, whole, ...wanted } = queryOf(asked, usageQuery);
    const query = inTime(wanted);
    await records.flush();
    if (format === "csv") {
      await sendCsv(response, whole === "true" ? totalsAtOnce(records, query) : usagePages(records.usage, query));
    } else if (whole === "true") {
      const [first] = placeIn(cursor, placeOfTotal) ?? [0];
      const totals = await readRecords(() => usageTotals(records.usage, query));
      const data = totals.slice(first, first + limit);
      const nextCursor = first + limit < totals.length ? cursorOf([first + limit]) : null;
      sendJson(response, 200, { object: "list", data, nextCursor });
    } else {
      const after = placeIn(cursor, place);
      const { rows, next } = await readRecords(() => records.usage.page(query, limit, after));
      sendJson(response, 200, { object: "list", data: rows, nextCursor: next ? cursorOf(next) : null });
    }
  };
}

/** From the beginning of the first minute, hour or day. */
function inTime({
  by,
  from,
  to = Date.now(),
  group,
}: Pick<z.infer<typeof usageQuery>, "by" | "from" | "to" | "group">): UsageQuery {
  const start = from ?? to - SPAN_MS[by];
  return { by, from: start - (start % WIDTH_MS[by]), to, group: GROUPS.filter((name) => group.includes(name)) };
}

async function* totalsAtOnce({ usage: records }: RecordReader, query: UsageQuery) {
  yield await usageTotals(records, query);
}

const COLUMNS = Object.keys(usage.shape) as (keyof UsageRow)[];

/** Page by page, as fast as the reader takes it. A store that fails later breaks the file off, so that it is not taken for whole. */
async function sendCsv(response: Response, pages: AsyncGenerator<readonly UsageRow[], void, undefined>): Promise<void> {
  const first = await readRecords(() => pages.next());
  setResponseHeaders(response);
  response.writeHead(200, {
    "content-type": "text/csv; charset=utf-8",
    "content-disposition": 'attachment; filename="usage.csv"',
  });
  const lines = async function* () {
    yield csvHead(COLUMNS) + csvLines(COLUMNS, first.value ?? []);
    for await (const rows of pages) yield csvLines(COLUMNS, rows);
  };
  // Express knows what to do with a reader that left and with an answer that broke off.
  await pipeline(lines, response).catch(() => undefined);
}
