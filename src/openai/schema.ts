import { z } from "zod";

/**
 * What a chat completion request may hold, as https://platform.openai.com/docs/api-reference/chat/create names it.
 * Unknown keys are dropped, and null counts as absent: Python clients send it for every option they leave out.
 */

const textPart = z.object({ type: z.enum(["text", "input_text", "output_text"]), text: z.string() });
const refusalPart = z.object({ type: z.literal("refusal"), refusal: z.string() });
/** Known to OpenAI, but nothing that a text-only site could take. */
const foreignPart = z.object({ type: z.enum(["image_url", "input_image", "input_audio", "file", "input_file"]) });

const part = z.discriminatedUnion("type", [textPart, refusalPart, foreignPart]);
const content = z.union([z.string(), z.array(part)]);
const name = z.string().nullish();

const functionCall = z.object({ name: z.string().min(1), arguments: z.string() });
const toolCall = z.discriminatedUnion("type", [
  z.object({ id: z.string().min(1), type: z.literal("function"), function: functionCall }),
  z.object({
    id: z.string().min(1),
    type: z.literal("custom"),
    custom: z.object({ name: z.string().min(1), input: z.string() }),
  }),
]);

const message = z.discriminatedUnion("role", [
  z.object({ role: z.enum(["system", "developer", "user"]), content, name }),
  z.object({
    role: z.literal("assistant"),
    content: content.nullish(),
    refusal: z.string().nullish(),
    tool_calls: z.array(toolCall).nullish(),
    function_call: functionCall.nullish(),
    name,
  }),
  z.object({ role: z.literal("tool"), content, tool_call_id: z.string() }),
  z.object({ role: z.literal("function"), content: z.string().nullable(), name: z.string().min(1) }),
]);

/** As OpenAI allows it. */
const toolName = z.string().regex(/^[\w-]{1,64}$/, "a name has 1 to 64 letters, digits, underscores or dashes");

const declaredFunction = z.object({
  name: toolName,
  description: z.string().nullish(),
  parameters: z.record(z.string(), z.unknown()).nullish(),
  strict: z.boolean().nullish(),
});
const tool = z.discriminatedUnion("type", [
  z.object({ type: z.literal("function"), function: declaredFunction }),
  z.object({
    type: z.literal("custom"),
    custom: z.object({ name: toolName, description: z.string().nullish() }),
  }),
]);

const named = z.object({ name: z.string() });
const toolChoice = z.union([
  z.enum(["none", "auto", "required"]),
  z.discriminatedUnion("type", [
    z.object({ type: z.literal("function"), function: named }),
    z.object({ type: z.literal("custom"), custom: named }),
    z.object({
      type: z.literal("allowed_tools"),
      allowed_tools: z.object({
        mode: z.enum(["auto", "required"]),
        tools: z.array(z.object({ type: z.string(), function: named.nullish(), custom: named.nullish() })),
      }),
    }),
  ]),
]);
const functionChoice = z.union([z.enum(["none", "auto"]), z.object({ name: z.string() })]);
const responseFormat = z.discriminatedUnion("type", [
  z.object({ type: z.enum(["text", "json_object"]) }),
  z.object({
    type: z.literal("json_schema"),
    json_schema: z.object({
      name: toolName,
      description: z.string().nullish(),
      schema: z.record(z.string(), z.unknown()).nullish(),
      strict: z.boolean().nullish(),
    }),
  }),
]);

/** Settings of a model that a web chat has no control for: checked as OpenAI would, then ignored. */
const ignored = {
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  seed: z.int().nullish(),
  logit_bias: z.record(z.string(), z.number().min(-100).max(100)).nullish(),
  user: z.string().nullish(),
  safety_identifier: z.string().nullish(),
  store: z.boolean().nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
  service_tier: z.string().nullish(),
  reasoning_effort: z.string().nullish(),
  reasoning: z.record(z.string(), z.unknown()).nullish(),
  verbosity: z.string().nullish(),
  prediction: z.record(z.string(), z.unknown()).nullish(),
  prompt_cache_key: z.string().nullish(),
  prompt_cache_retention: z.string().nullish(),
  web_search_options: z.record(z.string(), z.unknown()).nullish(),
};

/** What the site has no notion of and the gateway imitates over its text. */
const emulated = {
  tools: z.array(tool).nullish(),
  tool_choice: toolChoice.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  functions: z.array(declaredFunction).nullish(),
  function_call: functionChoice.nullish(),
  response_format: responseFormat.nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(4)]).nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  n: z.int().min(1).max(128).nullish(),
};

export const chatCompletionBody = z.object({
  model: z.string(),
  messages: z.array(message).min(1),
  stream: z.boolean().nullish(),
  stream_options: z
    .object({ include_usage: z.boolean().nullish(), include_obfuscation: z.boolean().nullish() })
    .nullish(),
  modalities: z.array(z.enum(["text", "audio"])).nullish(),
  audio: z.record(z.string(), z.unknown()).nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  ...emulated,
  ...ignored,
});

export type ChatCompletionBody = z.infer<typeof chatCompletionBody>;
export type BodyMessage = z.infer<typeof message>;
export type BodyContent = z.infer<typeof content>;

/** Every parameter that is looked at. */
export const KNOWN_PARAMS: ReadonlySet<string> = new Set(Object.keys(chatCompletionBody.shape));
export const IGNORED_PARAMS: ReadonlySet<string> = new Set(Object.keys(ignored));
export const EMULATED_PARAMS: ReadonlySet<string> = new Set(Object.keys(emulated));
