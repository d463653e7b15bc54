import { z } from "zod";

/**
 * What a request for a message may hold, as https://docs.anthropic.com/en/api/messages names it. Unknown keys are
 * dropped, and null counts as absent.
 */

const text = z.object({ type: z.literal("text"), text: z.string() });
/** Known to Anthropic, but nothing that a text-only site could take. */
const foreign = z.object({ type: z.enum(["image", "document", "search_result", "container_upload"]) });
/** What a model thought or looked up earlier is no part of the conversation. */
const dropped = z.object({
  type: z.enum(["thinking", "redacted_thinking", "server_tool_use", "web_search_tool_result"]),
});
const resultPart = z.discriminatedUnion("type", [text, foreign]);

const block = z.discriminatedUnion("type", [
  text,
  foreign,
  dropped,
  z.object({
    type: z.literal("tool_use"),
    id: z.string().min(1),
    name: z.string().min(1),
    input: z.record(z.string(), z.unknown()),
  }),
  z.object({
    type: z.literal("tool_result"),
    tool_use_id: z.string().min(1),
    content: z.union([z.string(), z.array(resultPart)]).nullish(),
    is_error: z.boolean().nullish(),
  }),
]);

const message = z.object({ role: z.enum(["user", "assistant"]), content: z.union([z.string(), z.array(block)]) });

const ownTool = z.object({
  type: z.literal("custom").nullish(),
  name: z.string().regex(/^[\w-]{1,128}$/, "a name has 1 to 128 letters, digits, underscores or dashes"),
  description: z.string().nullish(),
  input_schema: z.record(z.string(), z.unknown()),
});
/** What Anthropic runs itself, by a dated name. */
const hostedTool = z.object({ type: z.string().regex(/^(?!custom$)/), name: z.string().nullish() });

const parallel = { disable_parallel_tool_use: z.boolean().nullish() };
const toolChoice = z.discriminatedUnion("type", [
  z.object({ type: z.enum(["auto", "any"]), ...parallel }),
  z.object({ type: z.literal("tool"), name: z.string(), ...parallel }),
  z.object({ type: z.literal("none") }),
]);

/** Settings of a model that a web chat has no control for: checked as Anthropic would, then ignored. */
const ignored = {
  temperature: z.number().min(0).max(1).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_k: z.int().min(0).nullish(),
  metadata: z.object({ user_id: z.string().nullish() }).nullish(),
  service_tier: z.enum(["auto", "standard_only"]).nullish(),
  thinking: z.record(z.string(), z.unknown()).nullish(),
  container: z.union([z.string(), z.record(z.string(), z.unknown())]).nullish(),
  mcp_servers: z.array(z.unknown()).nullish(),
};

/** What the site has no notion of and the gateway imitates over its text. */
const emulated = {
  max_tokens: z.int().min(1),
  stop_sequences: z.array(z.string()).nullish(),
  tools: z.array(z.union([ownTool, hostedTool])).nullish(),
  tool_choice: toolChoice.nullish(),
};

export const messageBody = z.object({
  model: z.string(),
  messages: z.array(message).min(1),
  system: z.union([z.string(), z.array(text)]).nullish(),
  stream: z.boolean().nullish(),
  ...emulated,
  ...ignored,
});

/** The same question, to be counted only. */
export const countBody = messageBody.extend({ max_tokens: z.int().min(1).nullish() });

export type MessageBody = z.infer<typeof countBody>;
export type BodyTurn = z.infer<typeof message>;
export type BodyBlock = z.infer<typeof block>;
export type BodyTool = z.infer<typeof ownTool> | z.infer<typeof hostedTool>;
export type OwnTool = z.infer<typeof ownTool>;

export const MESSAGE_IGNORED: ReadonlySet<string> = new Set(Object.keys(ignored));
export const MESSAGE_EMULATED: ReadonlySet<string> = new Set(Object.keys(emulated));
