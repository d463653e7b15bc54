import { z } from "zod";
import { tokenCount, unixSeconds } from "../answer-fields.ts";

/** What OpenAI's endpoints have in common: failures, token counts and models. */

/** https://platform.openai.com/docs/guides/error-codes */
export const errorSchema = z
  .object({
    error: z.object({ message: z.string(), type: z.string(), param: z.string().nullable(), code: z.string() }),
  })
  .meta({ id: "Error" });

export const usageSchema = z
  .object({
    prompt_tokens: tokenCount,
    completion_tokens: tokenCount,
    total_tokens: tokenCount,
    prompt_tokens_details: z.object({ cached_tokens: tokenCount, audio_tokens: tokenCount }),
    completion_tokens_details: z.object({
      reasoning_tokens: tokenCount,
      audio_tokens: tokenCount,
      accepted_prediction_tokens: tokenCount,
      rejected_prediction_tokens: tokenCount,
    }),
  })
  .meta({ id: "Usage" });

/**
 * A model as both APIs list it: https://platform.openai.com/docs/api-reference/models/object and
 * https://docs.anthropic.com/en/api/models-list. Clients of one API ignore the fields of the other.
 */
export const modelSchema = z
  .object({
    id: z.string(),
    object: z.literal("model"),
    created: unixSeconds,
    owned_by: z.string(),
    type: z.literal("model"),
    display_name: z.string(),
    created_at: z.iso.datetime(),
  })
  .meta({ id: "Model" });

/** One page holds all models. */
export const modelListSchema = z
  .object({
    object: z.literal("list"),
    data: z.array(modelSchema),
    has_more: z.literal(false),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
  })
  .meta({ id: "ModelList" });
