import { countBody, MESSAGE_EMULATED, MESSAGE_IGNORED, messageBody } from "../dialects/anthropic/schema.ts";
import { ACCOUNT_STATES } from "../pool/account-state.ts";
import { COMPLETION_EMULATED, COMPLETION_IGNORED, completionBody } from "../dialects/openai/completions/schema.ts";
import { RESPONSE_EMULATED, RESPONSE_IGNORED, responseBody } from "../dialects/openai/responses/schema.ts";
import { chatCompletionBody, EMULATED_PARAMS, IGNORED_PARAMS } from "../dialects/openai/chat/schema.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

interface Body {
  toJSONSchema(options: { io: "input"; unrepresentable: "any" }): unknown;
}

interface Groups {
  readonly ignored: ReadonlySet<string>;
  readonly emulated: ReadonlySet<string>;
}

/** Fuller words stand in docs/parameters.md. */
const IGNORED = "Ignored: accepted without effect.";
const EMULATED = "Emulated over plain text.";

/** What goes over the wire, by name: requests as they are really checked, answers as they are really given. */
export function schemas(): JsonObject {
  return {
    ChatCompletionRequest: bodySchema("ChatCompletionRequest", chatCompletionBody, {
      ignored: IGNORED_PARAMS,
      emulated: EMULATED_PARAMS,
    }),
    CompletionRequest: bodySchema("CompletionRequest", completionBody, {
      ignored: COMPLETION_IGNORED,
      emulated: COMPLETION_EMULATED,
    }),
    ResponseRequest: bodySchema("ResponseRequest", responseBody, {
      ignored: RESPONSE_IGNORED,
      emulated: RESPONSE_EMULATED,
    }),
    MessageRequest: bodySchema("MessageRequest", messageBody, MESSAGE_GROUPS),
    MessageCountRequest: bodySchema("MessageCountRequest", countBody, MESSAGE_GROUPS),
    ...ANSWERS,
  };
}

const MESSAGE_GROUPS: Groups = { ignored: MESSAGE_IGNORED, emulated: MESSAGE_EMULATED };

/** What the request is checked against, and what becomes of each parameter. */
function bodySchema(name: string, body: Body, { ignored, emulated }: Groups): JsonObject {
  const generated = JSON.stringify(body.toJSONSchema({ io: "input", unrepresentable: "any" }));
  // Its own definitions move with it into the document.
  const moved = generated.replaceAll('"#/$defs/', `"#/components/schemas/${name}/$defs/`);
  const { $schema: _dialect, ...schema } = JSON.parse(moved) as { $schema?: string; properties: JsonObject };
  const properties = Object.entries(schema.properties).map(([key, property]) => {
    const note = ignored.has(key) ? IGNORED : emulated.has(key) ? EMULATED : undefined;
    return [key, note === undefined ? property : { ...(property as JsonObject), description: note }];
  });
  return { ...schema, properties: Object.fromEntries(properties) as JsonObject };
}

const text = { type: "string" };
const textOrNull = { type: ["string", "null"] };
const count = { type: "integer", minimum: 0 };
const milliseconds = { type: "integer", description: "Unix time in milliseconds." };
const seconds = { type: "integer", description: "Unix time in seconds." };

function object(properties: JsonObject, optional: readonly string[] = []): JsonObject {
  return { type: "object", properties, required: Object.keys(properties).filter((key) => !optional.includes(key)) };
}

function list(items: JsonObject): JsonObject {
  return { type: "array", items };
}

function ref(name: string): JsonObject {
  return { $ref: `#/components/schemas/${name}` };
}

const finishReason = {
  type: ["string", "null"],
  enum: ["stop", "length", "content_filter", "tool_calls", "function_call", null],
};
const toolCall = object(
  {
    id: text,
    type: { enum: ["function", "custom"] },
    function: object({ name: text, arguments: text }),
    custom: object({ name: text, input: text }),
  },
  ["function", "custom"],
);
const message = object(
  {
    role: { const: "assistant" },
    content: textOrNull,
    reasoning_content: text,
    tool_calls: list(toolCall),
    function_call: object({ name: text, arguments: text }),
    refusal: textOrNull,
    annotations: { type: "array" },
  },
  ["reasoning_content", "tool_calls", "function_call"],
);
const head = { id: text, created: seconds, model: text };

const ANSWERS: JsonObject = {
  Error: object({ error: object({ message: text, type: text, param: textOrNull, code: text }) }),
  Model: object({
    id: text,
    object: { const: "model" },
    created: seconds,
    owned_by: text,
    type: { const: "model" },
    display_name: text,
    created_at: { type: "string", format: "date-time" },
  }),
  ModelList: object({
    object: { const: "list" },
    data: list(ref("Model")),
    has_more: { const: false },
    first_id: textOrNull,
    last_id: textOrNull,
  }),
  Usage: object({
    prompt_tokens: count,
    completion_tokens: count,
    total_tokens: count,
    prompt_tokens_details: object({ cached_tokens: count, audio_tokens: count }),
    completion_tokens_details: object({
      reasoning_tokens: count,
      audio_tokens: count,
      accepted_prediction_tokens: count,
      rejected_prediction_tokens: count,
    }),
  }),
  ChatCompletion: object({
    ...head,
    object: { const: "chat.completion" },
    choices: list(object({ index: count, message, logprobs: { type: "null" }, finish_reason: finishReason })),
    usage: ref("Usage"),
    service_tier: text,
  }),
  ChatCompletionChunk: object(
    {
      ...head,
      object: { const: "chat.completion.chunk" },
      choices: list(
        object({ index: count, delta: { type: "object" }, logprobs: { type: "null" }, finish_reason: finishReason }),
      ),
      usage: { anyOf: [ref("Usage"), { type: "null" }] },
      service_tier: text,
    },
    ["usage"],
  ),
  Completion: object(
    {
      ...head,
      object: { const: "text_completion" },
      choices: list(object({ text, index: count, logprobs: { type: "null" }, finish_reason: finishReason })),
      usage: { anyOf: [ref("Usage"), { type: "null" }] },
    },
    ["usage"],
  ),
  Response: object(
    {
      id: text,
      object: { const: "response" },
      created_at: seconds,
      status: { enum: ["in_progress", "completed", "incomplete", "failed"] },
      error: { type: ["object", "null"] },
      incomplete_details: { type: ["object", "null"] },
      model: text,
      output: list(object({ id: text, type: text })),
      usage: { type: ["object", "null"] },
    },
    ["usage"],
  ),
  ResponseEvent: object({ type: text, sequence_number: count }),
  ResponseDeletion: object({ id: text, object: text, deleted: { const: true } }),
  ResponseItemPage: object({
    object: { const: "list" },
    data: list({ type: "object" }),
    has_more: { type: "boolean" },
  }),
  Message: object({
    id: text,
    type: { const: "message" },
    role: { const: "assistant" },
    model: text,
    content: list(object({ type: { enum: ["text", "thinking", "tool_use"] } })),
    stop_reason: textOrNull,
    stop_sequence: textOrNull,
    usage: object({ input_tokens: count, output_tokens: count }),
  }),
  MessageEvent: object({ type: text }),
  MessageTokenCount: object({ input_tokens: count }),
  AnthropicError: object({ type: { const: "error" }, error: object({ type: text, message: text }), request_id: text }),
  AccountList: object({ object: { const: "list" }, data: list(ref("Account")), queue: ref("Queue") }),
  Queue: object({
    length: { type: "integer", description: "How many requests wait for an account." },
    estimatedWaitMs: {
      type: ["integer", "null"],
      description: "How long one would wait that comes now and is served last.",
    },
  }),
  Account: object({
    id: text,
    state: { enum: ACCOUNT_STATES },
    reason: text,
    since: milliseconds,
    nextTryAt: { anyOf: [milliseconds, { type: "null" }] },
    expiresAt: { anyOf: [milliseconds, { type: "null" }] },
  }),
  Status: object({ status: text, reasons: list(text), warnings: list(text) }, ["reasons", "warnings"]),
  Welcome: object({ name: text, baseUrlPath: text, routes: list(text) }),
};
