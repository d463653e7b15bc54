import { z } from "zod";
import { position, unixSeconds } from "../../answer-fields.ts";
import { usageSchema } from "../answer-schema.ts";

/** A whole answer, or one chunk of it: both have this shape. https://platform.openai.com/docs/api-reference/completions/object */
export const completionSchema = z
  .object({
    id: z.string(),
    created: unixSeconds,
    model: z.string(),
    object: z.literal("text_completion"),
    choices: z.array(
      z.object({
        text: z.string(),
        index: position,
        logprobs: z.null(),
        finish_reason: z.enum(["stop", "length", "content_filter", "tool_calls"]).nullable(),
      }),
    ),
    usage: usageSchema.nullable().exactOptional(),
  })
  .meta({
    id: "Completion",
    description:
      "The whole answer, or the data of each server-sent event. `data: [DONE]` ends the stream; an Error ends one that fails.",
  });
