import { z } from "zod";
import { emulatedParameters, ignoredParameters } from "../../parameter-notes.ts";
import { tool, toolChoice } from "./tool-schema.ts";

/**
 * What a request for a response may hold, as https://platform.openai.com/docs/api-reference/responses/create names it.
 * Unknown keys are dropped, and null counts as absent.
 */

/** Of any type: what a part holds is read as far as it is text. */
const part = z.union([z.string(), z.looseObject({ type: z.string().nullish() })]);

const message = z.looseObject({
  type: z.literal("message"),
  role: z.string().min(1),
  content: z.union([z.string(), z.array(part), z.null()]),
});
/** Of any type: clients send back every item that they were ever given. */
const otherItem = z.looseObject({
  type: z.string().regex(/^(?!message$)/, { abort: true }),
});

const item = z.union([message, otherItem]);

/** As OpenAI allows it. */
const formatName = z.string().regex(/^[\w-]{1,64}$/, "a name has 1 to 64 letters, digits, underscores or dashes");

export const textFormat = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text") }),
  z.object({
    type: z.literal("json_object"),
    name: formatName.nullish(),
    schema: z.record(z.string(), z.unknown()).nullish(),
  }),
  z.object({
    type: z.literal("json_schema"),
    name: formatName,
    description: z.string().nullish(),
    schema: z.record(z.string(), z.unknown()),
    strict: z.boolean().nullish(),
  }),
]);

/** Settings of a model that a web chat has no control for: checked as OpenAI would, then ignored. */
const ignored = ignoredParameters({
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  user: z.string().nullish(),
  safety_identifier: z.string().nullish(),
  service_tier: z.string().nullish(),
  reasoning: z.record(z.string(), z.unknown()).nullish(),
  truncation: z.enum(["auto", "disabled"]).nullish(),
  max_tool_calls: z.int().min(1).nullish(),
  prompt_cache_key: z.string().nullish(),
  prompt_cache_options: z.unknown().optional(),
  prompt_cache_retention: z.string().nullish(),
  context_management: z.unknown().optional(),
  access_programs: z.unknown().optional(),
  image: z.unknown().optional(),
  include: z.array(z.string()).nullish(),
});

/** What the site has no notion of and the gateway imitates over its text. */
const emulated = emulatedParameters({
  tools: z.array(tool).nullish(),
  tool_choice: toolChoice.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  text: z.object({ format: textFormat.nullish(), verbosity: z.enum(["low", "medium", "high"]).nullish() }).nullish(),
  max_output_tokens: z.int().min(1).nullish(),
  // No parameter of OpenAI's here, but what is given by callers who know chat completions.
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
});

/** What would change the answer's form or asks for what is kept elsewhere: refused when it asks for something. */
const refused = {
  top_logprobs: z.int().min(0).max(20).nullish(),
  background: z.boolean().nullish(),
  conversation: z.union([z.string(), z.record(z.string(), z.unknown())]).nullish(),
  prompt: z.record(z.string(), z.unknown()).nullish(),
  moderation: z.unknown().optional(),
  // Of chat completions, which callers take for known here.
  response_format: z.unknown().optional(),
  functions: z.unknown().optional(),
  function_call: z.unknown().optional(),
  messages: z.unknown().optional(),
  logprobs: z.unknown().optional(),
  n: z.unknown().optional(),
  audio: z.unknown().optional(),
  modalities: z.unknown().optional(),
  // Of other servers, which would bind the text to a form.
  json_schema: z.unknown().optional(),
  structured_outputs: z.unknown().optional(),
  guided_json: z.unknown().optional(),
  guided_choice: z.unknown().optional(),
  guided_regex: z.unknown().optional(),
  guided_grammar: z.unknown().optional(),
  grammar: z.unknown().optional(),
  regex: z.unknown().optional(),
  ebnf: z.unknown().optional(),
  structural_tag: z.unknown().optional(),
};

export const responseBody = z
  .object({
    model: z.string(),
    input: z.union([z.string(), z.array(item)]).nullish(),
    instructions: z.string().nullish(),
    previous_response_id: z.string().nullish(),
    store: z.boolean().nullish(),
    metadata: z.record(z.string(), z.string()).nullish(),
    stream: z.boolean().nullish(),
    stream_options: z.object({ include_obfuscation: z.boolean().nullish() }).nullish(),
    ...emulated,
    ...ignored,
    ...refused,
  })
  .meta({ id: "ResponseRequest" });

export type ResponseBody = z.infer<typeof responseBody>;
export type BodyItem = z.infer<typeof item>;
export type BodyFormat = z.infer<typeof textFormat>;

export const RESPONSE_IGNORED: ReadonlySet<string> = new Set(Object.keys(ignored));
export const RESPONSE_EMULATED: ReadonlySet<string> = new Set(Object.keys(emulated));
