import type { RequestHandler } from "express";
import { z } from "zod";
import { GatewayError } from "../errors.ts";
import { sendJson } from "../http/respond.ts";
import type { RecordReader } from "../records/records.ts";
import { cursorOf, placeIn } from "./cursor.ts";
import { queryOf } from "./input.ts";
import { listOf, listQuery, unixMs } from "./list.ts";
import { readRecords, timeParameter } from "./read-records.ts";

const milliseconds = z.int().nullable();
const tokens = z.int().nullable();

const request = z
  .object({
    id: z.string().meta({ description: "As in the answer's header `x-request-id`." }),
    at: unixMs.meta({ description: "When it came, in Unix time, milliseconds." }),
    keyId: z.string(),
    key: z.string().meta({ description: "The name of its key." }),
    account: z.string().nullable().meta({ description: "The account that answered last." }),
    model: z.string().nullable().meta({ description: "The model that served." }),
    method: z.string(),
    route: z.string(),
    status: z.int(),
    code: z.string().nullable().meta({ description: "The error; null if there was none." }),
    attempts: z.int().nullable().meta({ description: "How often the site was asked." }),
    durationMs: z.int(),
    queueMs: milliseconds.meta({ description: "Waiting for an account, rate limits included." }),
    paceMs: milliseconds.meta({
      description: "The part of `queueMs` that the account's rate limit took; null where no account was leased.",
    }),
    leaseMs: milliseconds.meta({ description: "From getting an account to the prompt's arrival at the site." }),
    firstByteMs: milliseconds.meta({ description: "From there to the answer's first part." }),
    streamMs: milliseconds.meta({ description: "From there to the answer's end." }),
    firstTokenMs: milliseconds.meta({ description: "From the request's arrival to the answer's first text." }),
    promptTokens: tokens,
    completionTokens: tokens,
    reasoningTokens: tokens,
  })
  .meta({ id: "RecordedRequest" });

const text = z.string().nullable().meta({ description: "Kept with LOG_PROMPTS=on, else null." });

export const requestListSchema = listOf(request).meta({ id: "RecordedRequestList" });
export const requestSchema = request.extend({ prompt: text, answer: text }).meta({ id: "RecordedRequestWithTexts" });

export const requestQuery = listQuery.extend({
  key: z.string().optional().meta({ description: "A key's name or id." }),
  account: z.string().optional(),
  model: z.string().optional(),
  route: z.string().optional(),
  status: z.coerce.number().int().min(100).max(599).optional(),
  code: z.string().optional(),
  outcome: z
    .enum(["ok", "failed"])
    .optional()
    .meta({ description: "`failed` leaves out requests whose client disconnected; `code=client_closed` finds those." }),
  from: timeParameter.optional(),
  to: timeParameter.optional().meta({ description: "Not included." }),
});

const place = z.tuple([z.int(), z.int()]);

/** `GET /admin/api/requests`: the newest first. */
export function listRequests(records: RecordReader): RequestHandler {
  return async (asked, response) => {
    const { limit, cursor, ...filter } = queryOf(asked, requestQuery);
    const [at, seq] = placeIn(cursor, place) ?? [];
    const after = at === undefined || seq === undefined ? undefined : { at, seq };
    const { rows, next } = await readRecords(async () => {
      await records.flush();
      return records.requests.page(filter, limit, after);
    });
    const nextCursor = next ? cursorOf([next.at, next.seq]) : null;
    sendJson(response, 200, { object: "list", data: rows, nextCursor });
  };
}

/** `GET /admin/api/requests/{id}` */
export function showRequest(records: RecordReader): RequestHandler {
  return async (asked, response) => {
    const id = String(asked.params["id"]);
    const found = await readRecords(async () => {
      await records.flush();
      return records.requests.find(id);
    });
    if (!found)
      throw new GatewayError("request_not_found", `No request '${id.slice(0, 128)}' is kept.`, { param: "id" });
    sendJson(response, 200, found);
  };
}
