import { z } from "zod";
import { position, tokenCount, unixSeconds } from "../../answer-fields.ts";

/** Items, and events about them, get new types all the time: the fields of a type are those that OpenAI documents. */
const item = z.looseObject({ id: z.string(), type: z.string() });

/** https://platform.openai.com/docs/api-reference/responses/object. The other fields repeat the request. */
export const responseSchema = z
  .looseObject({
    id: z.string(),
    object: z.literal("response"),
    created_at: unixSeconds,
    status: z.enum(["in_progress", "completed", "incomplete", "failed"]),
    completed_at: unixSeconds.nullable(),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
    incomplete_details: z.object({ reason: z.enum(["max_output_tokens", "content_filter"]) }).nullable(),
    model: z.string(),
    output: z.array(item),
    usage: z
      .object({
        input_tokens: tokenCount,
        input_tokens_details: z.object({ cached_tokens: tokenCount, cache_write_tokens: tokenCount }),
        output_tokens: tokenCount,
        output_tokens_details: z.object({ reasoning_tokens: tokenCount }),
        total_tokens: tokenCount,
      })
      .nullable(),
  })
  .meta({ id: "Response" });

const numbered = { sequence_number: position };

/** https://platform.openai.com/docs/api-reference/responses-streaming */
export const responseEventSchema = z
  .union([
    z.object({
      type: z.templateLiteral(["response.", z.enum(["created", "in_progress", "completed", "incomplete", "failed"])]),
      ...numbered,
      response: responseSchema,
    }),
    z.object({
      type: z.templateLiteral(["response.output_item.", z.enum(["added", "done"])]),
      ...numbered,
      output_index: position,
      item,
    }),
    z.looseObject({
      type: z.string().regex(/\.(?:added|delta|done)$/),
      ...numbered,
      output_index: position,
    }),
    z.object({ type: z.literal("keepalive"), ...numbered }),
    z.looseObject({
      type: z.literal("error"),
      ...numbered,
      code: z.string(),
      message: z.string(),
      param: z.string().nullable(),
    }),
  ])
  .meta({
    id: "ResponseEvent",
    description: "The data of each server-sent event. The event's name is its type. A response at its end is the last.",
  });

export const responseDeletionSchema = z
  .object({ id: z.string(), object: z.literal("response"), deleted: z.literal(true) })
  .meta({ id: "ResponseDeletion" });

/** https://platform.openai.com/docs/api-reference/responses/input-items */
export const itemPageSchema = z
  .object({
    object: z.literal("list"),
    data: z.array(item),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
    has_more: z.boolean(),
  })
  .meta({ id: "ResponseItemPage" });
