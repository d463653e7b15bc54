import { z } from "zod";
import { emulatedParameters, ignoredParameters } from "../../parameter-notes.ts";
import { sampling } from "../sampling.ts";

/**
 * What a chat completion request may hold, as https://platform.openai.com/docs/api-reference/chat/create names it.
 * Unknown keys are dropped, and null counts as absent: Python clients send it for every option they leave out. Roles,
 * parts and calls of histories are open lists: they grow, and no client can take back what stands in its history.
 */

export const TEXT_TYPES = ["text", "input_text", "output_text"] as const;
const part = z.union([
  z.object({ type: z.enum(TEXT_TYPES), text: z.string() }),
  z.looseObject({
    type: z
      .string()
      .regex(new RegExp(`^(?!(?:${TEXT_TYPES.join("|")})$)`), { abort: true })
      .nullish(),
  }),
]);
const content = z.union([z.string(), z.array(part)]);

const functionCall = z.object({ name: z.string().nullish(), arguments: z.unknown().optional() });
const toolCall = z.object({
  id: z.string().nullish(),
  type: z.string().nullish(),
  function: functionCall.nullish(),
  custom: z.object({ name: z.string().nullish(), input: z.unknown().optional() }).nullish(),
});

const message = z.object({
  role: z.string(),
  content: content.nullish(),
  name: z.string().nullish(),
  refusal: z.string().nullish(),
  tool_calls: z.array(toolCall).nullish(),
  function_call: functionCall.nullish(),
  tool_call_id: z.string().nullish(),
});

/** As OpenAI allows it. */
const toolName = z.string().regex(/^[\w-]{1,64}$/, "a name has 1 to 64 letters, digits, underscores or dashes");

const declaredFunction = z.object({
  name: toolName,
  description: z.string().nullish(),
  parameters: z.record(z.string(), z.unknown()).nullish(),
  strict: z.boolean().nullish(),
});
const grammar = { syntax: z.string(), definition: z.string() };
const tool = z.union([
  z.discriminatedUnion("type", [
    z.object({ type: z.literal("function"), function: declaredFunction }),
    z.object({
      type: z.literal("custom"),
      custom: z.object({
        name: toolName,
        description: z.string().nullish(),
        format: z
          .union([
            z.object({ type: z.literal("text") }),
            z.object({ type: z.literal("grammar"), grammar: z.object(grammar) }),
            z.object({ type: z.literal("grammar"), ...grammar }),
          ])
          .nullish(),
      }),
    }),
  ]),
  // What the provider runs itself: there is more of it every year.
  z.looseObject({ type: z.string().regex(/^(?!(?:function|custom)$)/, { abort: true }) }),
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
const ignored = ignoredParameters({
  ...sampling,
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
  prompt_cache_options: z.record(z.string(), z.unknown()).nullish(),
  web_search_options: z.record(z.string(), z.unknown()).nullish(),
});

const anything = z.unknown().optional();

/** Would change the answer's form, or ask for what is kept elsewhere. Some are other servers', and clients send them. */
const refused = {
  moderation: anything,
  previous_response_id: anything,
  conversation: anything,
  guided_choice: anything,
  guided_regex: anything,
  guided_grammar: anything,
  grammar: anything,
  regex: anything,
  ebnf: anything,
  structural_tag: anything,
};

/** What the site has no notion of and the gateway imitates over its text. */
const emulated = emulatedParameters({
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
  // Other servers' names for `response_format`, and those of the Responses API, which Cursor sends.
  guided_json: anything,
  structured_outputs: anything,
  json_schema: anything,
  format: anything,
  text: z.record(z.string(), z.unknown()).nullish(),
  max_output_tokens: z.int().min(1).nullish(),
});

export const chatCompletionBody = z
  .object({
    model: z.string(),
    messages: z.array(message).min(1),
    input: anything,
    instructions: z.string().nullish(),
    system: content.nullish(),
    stream: z.boolean().nullish(),
    stream_options: z
      .object({ include_usage: z.boolean().nullish(), include_obfuscation: z.boolean().nullish() })
      .nullish(),
    modalities: z.array(z.enum(["text", "audio"])).nullish(),
    audio: z.record(z.string(), z.unknown()).nullish(),
    logprobs: z.boolean().nullish(),
    top_logprobs: z.int().min(0).max(20).nullish(),
    ...refused,
    ...emulated,
    ...ignored,
  })
  .meta({ id: "ChatCompletionRequest" });

export type ChatCompletionBody = z.infer<typeof chatCompletionBody>;
export type BodyMessage = z.infer<typeof message>;
export type BodyPart = z.infer<typeof part>;

/** Every parameter that is looked at. */
export const KNOWN_PARAMS: ReadonlySet<string> = new Set(Object.keys(chatCompletionBody.shape));
export const IGNORED_PARAMS: ReadonlySet<string> = new Set(Object.keys(ignored));
export const EMULATED_PARAMS: ReadonlySet<string> = new Set(Object.keys(emulated));
export const REFUSED_PARAMS = Object.keys(refused) as readonly (keyof typeof refused)[];
