import { z } from "zod";

/**
 * What a request for a response may hold, as https://platform.openai.com/docs/api-reference/responses/create names it.
 * Unknown keys are dropped, and null counts as absent.
 */

const textPart = z.object({ type: z.enum(["input_text", "output_text", "text"]), text: z.string() });
const refusalPart = z.object({ type: z.literal("refusal"), refusal: z.string() });
/** Known to OpenAI, but nothing that a text-only site could take. */
const foreignPart = z.object({
  type: z.enum(["input_image", "input_file", "input_audio", "image_url", "computer_screenshot"]),
});

const part = z.discriminatedUnion("type", [textPart, refusalPart, foreignPart]);
const content = z.union([z.string(), z.array(part)]);
const id = z.string().min(1).nullish();
const callId = z.string().min(1);

const item = z.discriminatedUnion("type", [
  z.object({ type: z.literal("message"), id, role: z.enum(["system", "developer", "user", "assistant"]), content }),
  z.object({
    type: z.literal("function_call"),
    id,
    call_id: callId,
    name: z.string().min(1),
    arguments: z.string(),
  }),
  z.object({ type: z.literal("function_call_output"), id, call_id: callId, output: content }),
  z.object({ type: z.literal("custom_tool_call"), id, call_id: callId, name: z.string().min(1), input: z.string() }),
  z.object({ type: z.literal("custom_tool_call_output"), id, call_id: callId, output: content }),
  // What a model thought earlier is no part of the conversation.
  z.object({ type: z.literal("reasoning") }),
  z.object({ type: z.literal("item_reference"), id: z.string().min(1) }),
]);

/** As OpenAI allows it. */
const toolName = z.string().regex(/^[\w-]{1,64}$/, "a name has 1 to 64 letters, digits, underscores or dashes");

const ownTool = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("function"),
    name: toolName,
    description: z.string().nullish(),
    parameters: z.record(z.string(), z.unknown()).nullish(),
    strict: z.boolean().nullish(),
  }),
  z.object({
    type: z.literal("custom"),
    name: toolName,
    description: z.string().nullish(),
    format: z
      .discriminatedUnion("type", [
        z.object({ type: z.literal("text") }),
        z.object({ type: z.literal("grammar"), syntax: z.string(), definition: z.string() }),
      ])
      .nullish(),
  }),
]);
/** What OpenAI runs itself. There is more of it every year, and agents name all of it in each request. */
const hostedTool = z.object({
  type: z.string().regex(/^(?!(?:function|custom)$)/, { abort: true }),
});

const toolChoice = z.union([
  z.enum(["none", "auto", "required"]),
  z.discriminatedUnion("type", [
    z.object({ type: z.enum(["function", "custom"]), name: z.string() }),
    z.object({
      type: z.literal("allowed_tools"),
      mode: z.enum(["auto", "required"]),
      tools: z.array(z.object({ type: z.string(), name: z.string().nullish() })),
    }),
    z.object({
      type: z.enum([
        "file_search",
        "web_search",
        "web_search_preview",
        "web_search_preview_2025_03_11",
        "computer_use_preview",
        "code_interpreter",
        "image_generation",
        "mcp",
        "shell",
        "local_shell",
        "apply_patch",
      ]),
    }),
  ]),
]);

const format = z.discriminatedUnion("type", [
  z.object({ type: z.enum(["text", "json_object"]) }),
  z.object({
    type: z.literal("json_schema"),
    name: toolName,
    description: z.string().nullish(),
    schema: z.record(z.string(), z.unknown()),
    strict: z.boolean().nullish(),
  }),
]);

/** Settings of a model that a web chat has no control for: checked as OpenAI would, then ignored. */
const ignored = {
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  user: z.string().nullish(),
  safety_identifier: z.string().nullish(),
  service_tier: z.string().nullish(),
  reasoning: z.record(z.string(), z.unknown()).nullish(),
  include: z.array(z.string()).nullish(),
  truncation: z.enum(["auto", "disabled"]).nullish(),
  max_tool_calls: z.int().min(1).nullish(),
  prompt_cache_key: z.string().nullish(),
  prompt_cache_retention: z.string().nullish(),
};

/** What the site has no notion of and the gateway imitates over its text. */
const emulated = {
  tools: z.array(z.union([ownTool, hostedTool])).nullish(),
  tool_choice: toolChoice.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  text: z.object({ format: format.nullish(), verbosity: z.enum(["low", "medium", "high"]).nullish() }).nullish(),
  max_output_tokens: z.int().min(1).nullish(),
};

export const responseBody = z.object({
  model: z.string(),
  input: z.union([z.string(), z.array(item)]).nullish(),
  instructions: z.string().nullish(),
  previous_response_id: z.string().nullish(),
  store: z.boolean().nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_obfuscation: z.boolean().nullish() }).nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  background: z.boolean().nullish(),
  conversation: z.union([z.string(), z.record(z.string(), z.unknown())]).nullish(),
  prompt: z.record(z.string(), z.unknown()).nullish(),
  ...emulated,
  ...ignored,
});

export type ResponseBody = z.infer<typeof responseBody>;
export type BodyItem = z.infer<typeof item>;
export type BodyItemContent = z.infer<typeof content>;
export type BodyTool = NonNullable<ResponseBody["tools"]>[number];
export type OwnTool = z.infer<typeof ownTool>;

export const RESPONSE_IGNORED: ReadonlySet<string> = new Set(Object.keys(ignored));
export const RESPONSE_EMULATED: ReadonlySet<string> = new Set(Object.keys(emulated));
