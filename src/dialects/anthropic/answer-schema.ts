import { z } from "zod";
import { position, tokenCount } from "../answer-fields.ts";

/** https://docs.anthropic.com/en/api/errors */
export const errorSchema = z
  .object({
    type: z.literal("error"),
    error: z.object({
      type: z.string(),
      message: z.string(),
      /** The SDK's threads look for it. */
      details: z.object({ error_code: z.literal("thread_not_found") }).exactOptional(),
    }),
    request_id: z.string(),
  })
  .meta({ id: "AnthropicError" });

const usage = z.object({
  input_tokens: tokenCount,
  output_tokens: tokenCount,
  cache_creation_input_tokens: z.literal(0),
  cache_read_input_tokens: z.literal(0),
  cache_creation: z.null(),
  server_tool_use: z.null(),
  service_tier: z.literal("standard"),
});

const block = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text"), text: z.string(), citations: z.null() }),
  z.object({ type: z.literal("thinking"), thinking: z.string(), signature: z.literal("") }),
  z.object({
    type: z.literal("tool_use"),
    id: z.string(),
    name: z.string(),
    /** Only for a tool that belongs to a toolset. */
    toolset_name: z.string().exactOptional(),
    input: z.unknown(),
  }),
]);

const stop = {
  stop_reason: z.enum(["end_turn", "max_tokens", "stop_sequence", "tool_use", "refusal"]).nullable(),
  stop_sequence: z.string().nullable(),
};

/** https://docs.anthropic.com/en/api/messages */
export const messageSchema = z
  .object({
    id: z.string(),
    type: z.literal("message"),
    role: z.literal("assistant"),
    model: z.string(),
    content: z.array(block),
    ...stop,
    usage,
  })
  .meta({ id: "Message" });

const delta = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text_delta"), text: z.string() }),
  z.object({ type: z.literal("thinking_delta"), thinking: z.string() }),
  z.object({ type: z.literal("input_json_delta"), partial_json: z.string() }),
]);

/** https://docs.anthropic.com/en/api/messages-streaming */
export const messageEventSchema = z
  .discriminatedUnion("type", [
    z.object({ type: z.literal("message_start"), message: messageSchema }),
    z.object({ type: z.literal("content_block_start"), index: position, content_block: block }),
    z.object({ type: z.literal("content_block_delta"), index: position, delta }),
    z.object({ type: z.literal("content_block_stop"), index: position }),
    z.object({ type: z.literal("message_delta"), delta: z.object(stop), usage }),
    z.object({ type: z.literal("message_stop") }),
    z.object({ type: z.literal("ping") }),
    errorSchema,
  ])
  .meta({ id: "MessageEvent", description: "The data of each server-sent event. The event's name is its type." });

export const tokenCountSchema = z.object({ input_tokens: tokenCount }).meta({ id: "MessageTokenCount" });
