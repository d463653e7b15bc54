import type { RequestHandler } from "express";
import { z } from "zod";
import { sendJson } from "../http/respond.ts";
import type { RecordReader } from "../records/records.ts";
import { EVENT_KINDS } from "../store/event-records.ts";
import { cursorOf, placeIn } from "./cursor.ts";
import { queryOf } from "./input.ts";
import { listOf, listQuery, unixMs } from "./list.ts";
import { readRecords } from "./read-records.ts";

const value = z.unknown().meta({ description: "A JSON value without secrets, or null." });

const event = z
  .object({
    id: z.int(),
    at: unixMs,
    kind: z.enum(EVENT_KINDS).meta({
      description: "An account's change of state, a notice to the operator, or a change that an operator made.",
    }),
    account: z.string().nullable(),
    actor: z.string().nullable().meta({ description: "Who did it." }),
    summary: z.string(),
    before: value,
    after: value,
  })
  .meta({ id: "RecordedEvent" });

export const eventListSchema = listOf(event).meta({ id: "RecordedEventList" });

export const eventQuery = listQuery.extend({
  account: z.string().optional(),
  kind: z.enum(EVENT_KINDS).optional(),
});

const place = z.tuple([z.int()]);

/** `GET /admin/api/events`: the newest first. */
export function listEvents(records: RecordReader): RequestHandler {
  return async (asked, response) => {
    const { limit, cursor, ...filter } = queryOf(asked, eventQuery);
    const [before] = placeIn(cursor, place) ?? [];
    const { rows, next } = await readRecords(async () => {
      await records.flush();
      return records.events.page(filter, limit, before);
    });
    sendJson(response, 200, { object: "list", data: rows, nextCursor: next === undefined ? null : cursorOf([next]) });
  };
}
