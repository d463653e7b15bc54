import { z } from "zod";
import { emulatedParameters, ignoredParameters } from "../parameter-notes.ts";

/**
 * What a request for a message may hold, as https://docs.anthropic.com/en/api/messages names it. Unknown keys are
 * dropped, and null counts as absent. Roles and blocks of histories are open lists: they grow, and no client can take
 * back what stands in its history.
 */

const text = z.object({ type: z.literal("text"), text: z.string() });
const otherThan = (...types: readonly string[]) =>
  z.looseObject({ type: z.string().regex(new RegExp(`^(?!(?:${types.join("|")})$)`), { abort: true }) });

const block = z.union([
  z.discriminatedUnion("type", [
    text,
    z.object({
      type: z.literal("tool_use"),
      id: z.string().nullish(),
      name: z.string().nullish(),
      input: z.unknown(),
      toolset_name: z.string().nullish(),
    }),
    z.object({
      type: z.literal("tool_result"),
      tool_use_id: z.string().nullish(),
      content: z.union([z.string(), z.array(z.union([text, otherThan("text")]))]).nullish(),
      is_error: z.boolean().nullish(),
    }),
  ]),
  otherThan("text", "tool_use", "tool_result"),
]);

const message = z.object({ role: z.string(), content: z.union([z.string(), z.array(block)]).nullish() });

const declared = {
  description: z.string().nullish(),
  input_examples: z.array(z.unknown()).nullish(),
  strict: z.boolean().nullish(),
};
const schemaTool = z.object({
  type: z.string().nullish(),
  name: z.string().regex(/^[\w-]{1,128}$/, "a name has 1 to 128 letters, digits, underscores or dashes"),
  input_schema: z.record(z.string(), z.unknown()),
  ...declared,
});
/** Known by a dated name: what callers run by a schema of Anthropic's, and what Anthropic runs itself. */
const datedTool = z.looseObject({
  type: z.string().regex(/^(?!custom$)/, { abort: true }),
  name: z.string().nullish(),
  ...declared,
});

const parallel = { disable_parallel_tool_use: z.boolean().nullish() };
const toolChoice = z.discriminatedUnion("type", [
  z.object({ type: z.enum(["auto", "any"]), ...parallel }),
  z.object({ type: z.literal("tool"), name: z.string(), ...parallel }),
  z.object({ type: z.literal("none") }),
]);
const format = z.object({ type: z.literal("json_schema"), schema: z.record(z.string(), z.unknown()) });

const settings = z.union([z.string(), z.record(z.string(), z.unknown()), z.array(z.unknown())]).nullish();

/** Settings of a model that a web chat has no control for: checked as Anthropic would, then ignored. */
const ignored = ignoredParameters({
  temperature: z.number().min(0).max(1).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_k: z.int().min(0).nullish(),
  metadata: z.object({ user_id: z.string().nullish() }).nullish(),
  service_tier: z.enum(["auto", "standard_only"]).nullish(),
  thinking: z.record(z.string(), z.unknown()).nullish(),
  container: z.union([z.string(), z.record(z.string(), z.unknown())]).nullish(),
  mcp_servers: z.array(z.unknown()).nullish(),
  thread: z.record(z.string(), z.unknown()).nullish(),
  billing_policy: settings,
  cache_control: settings,
  compaction: settings,
  context_management: settings,
  diagnostics: settings,
  fallback_credit_token: settings,
  fallbacks: settings,
  inference_geo: settings,
  speed: settings,
  user_profile_id: settings,
  workspace_id: settings,
});

/** What the site has no notion of and the gateway imitates over its text. */
const emulated = emulatedParameters({
  max_tokens: z.int().min(1),
  stop_sequences: z.array(z.string()).nullish(),
  tools: z.array(z.union([schemaTool, datedTool])).nullish(),
  tool_choice: toolChoice.nullish(),
  output_config: z.looseObject({ format: format.nullish() }).nullish(),
  output_format: format.nullish(),
});

export const messageBody = z
  .object({
    model: z.string(),
    messages: z.array(message).min(1),
    system: z.union([z.string(), z.array(z.union([text, otherThan("text")]))]).nullish(),
    stream: z.boolean().nullish(),
    ...emulated,
    ...ignored,
  })
  .meta({ id: "MessageRequest" });

/** The same question, to be counted only. */
export const countBody = messageBody
  .extend(emulatedParameters({ max_tokens: z.int().min(1).nullish() }))
  .meta({ id: "MessageCountRequest" });

export type MessageBody = z.infer<typeof countBody>;
export type BodyTurn = z.infer<typeof message>;
export type BodyBlock = z.infer<typeof block>;
export type BodyTool = NonNullable<MessageBody["tools"]>[number];
export const toolBody = z.union([schemaTool, datedTool]);

export const MESSAGE_IGNORED: ReadonlySet<string> = new Set(Object.keys(ignored));
export const MESSAGE_EMULATED: ReadonlySet<string> = new Set(Object.keys(emulated));
