import { z } from "zod";
import { position, unixSeconds } from "../../answer-fields.ts";
import { usageSchema } from "../answer-schema.ts";

/** What all chunks of an answer share. Clients take a change of it for another answer. */
const head = { id: z.string(), created: unixSeconds, model: z.string() };

/** `function_call` is the older name of `tool_calls`. */
const finishReason = z.enum(["stop", "length", "content_filter", "tool_calls", "function_call"]);

const functionCall = z.object({ name: z.string(), arguments: z.string() });
const customCall = z.object({ name: z.string(), input: z.string() });
const call = z.object({
  id: z.string(),
  type: z.enum(["function", "custom"]),
  function: functionCall.exactOptional(),
  custom: customCall.exactOptional(),
});

/** https://platform.openai.com/docs/api-reference/chat/object */
export const chatCompletionSchema = z
  .object({
    ...head,
    object: z.literal("chat.completion"),
    choices: z.array(
      z.object({
        index: position,
        message: z.object({
          role: z.literal("assistant"),
          content: z.string().nullable(),
          reasoning_content: z.string().exactOptional(),
          tool_calls: z.array(call).exactOptional(),
          function_call: functionCall.exactOptional(),
          refusal: z.null(),
          annotations: z.array(z.never()),
        }),
        logprobs: z.null(),
        finish_reason: finishReason,
      }),
    ),
    usage: usageSchema,
    service_tier: z.literal("default"),
  })
  .meta({ id: "ChatCompletion" });

/** The id, the type and the name come once, in a call's first delta. */
const callDelta = z.object({
  index: position,
  id: z.string().exactOptional(),
  type: z.enum(["function", "custom"]).exactOptional(),
  function: functionCall.partial({ name: true }).exactOptional(),
  custom: customCall.partial({ name: true }).exactOptional(),
});
const delta = z.object({
  role: z.literal("assistant").exactOptional(),
  content: z.string().exactOptional(),
  refusal: z.null().exactOptional(),
  reasoning_content: z.string().exactOptional(),
  tool_calls: z.array(callDelta).exactOptional(),
  function_call: functionCall.partial({ name: true }).exactOptional(),
});

/** https://platform.openai.com/docs/api-reference/chat/streaming */
export const chatCompletionChunkSchema = z
  .object({
    ...head,
    object: z.literal("chat.completion.chunk"),
    choices: z.array(z.object({ index: position, delta, logprobs: z.null(), finish_reason: finishReason.nullable() })),
    usage: usageSchema.nullable().exactOptional(),
    service_tier: z.literal("default"),
  })
  .meta({
    id: "ChatCompletionChunk",
    description: "The data of each server-sent event. `data: [DONE]` ends the stream; an Error ends one that fails.",
  });
