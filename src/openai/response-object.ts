import { randomBytes } from "node:crypto";
import type { GatewayError } from "../errors.ts";
import type { TokenCount } from "../turn/answer.ts";
import type { AnswerEnd } from "../turn/ask.ts";
import type { CallItem, MessageItem, ReasoningItem } from "./response-item.ts";
import type { ResponseBody } from "./response-schema.ts";
import { isOwn } from "./response-tools.ts";

export type OutputItem = MessageItem | CallItem | ReasoningItem;

export interface ResponseUsage {
  readonly input_tokens: number;
  readonly input_tokens_details: { readonly cached_tokens: number; readonly cache_write_tokens: number };
  readonly output_tokens: number;
  readonly output_tokens_details: { readonly reasoning_tokens: number };
  readonly total_tokens: number;
}

/** A response as the caller sees it, complete at each of its stages. */
export interface ResponseObject extends Readonly<Record<string, unknown>> {
  readonly id: string;
  readonly object: "response";
  readonly created_at: number;
  readonly status: "in_progress" | "completed" | "incomplete" | "failed";
  readonly completed_at: number | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly incomplete_details: { readonly reason: "max_output_tokens" | "content_filter" } | null;
  readonly output: readonly OutputItem[];
  readonly usage: ResponseUsage | null;
}

/** A response that has just begun, with what was asked for repeated as OpenAI does. */
export function newResponse(body: ResponseBody): ResponseObject {
  return {
    id: `resp_${randomBytes(24).toString("hex")}`,
    object: "response",
    created_at: nowSeconds(),
    status: "in_progress",
    background: false,
    completed_at: null,
    error: null,
    incomplete_details: null,
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    max_tool_calls: body.max_tool_calls ?? null,
    model: body.model,
    output: [],
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    previous_response_id: body.previous_response_id ?? null,
    prompt_cache_key: body.prompt_cache_key ?? null,
    reasoning: { effort: null, summary: null },
    safety_identifier: body.safety_identifier ?? null,
    service_tier: "default",
    store: body.store ?? true,
    temperature: body.temperature ?? 1,
    text: { format: shownFormat(body), verbosity: body.text?.verbosity ?? "medium" },
    tool_choice: body.tool_choice ?? "auto",
    tools: shownTools(body),
    top_logprobs: 0,
    top_p: body.top_p ?? 1,
    truncation: body.truncation ?? "disabled",
    usage: null,
    ...(body.user && { user: body.user }),
    metadata: body.metadata ?? {},
  };
}

/** The end of a response: its output is whole, or as much of it as there may be. */
export function endedResponse(
  begun: ResponseObject,
  output: readonly OutputItem[],
  end: EndOfResponse,
): ResponseObject {
  const { reason, usage } = end;
  const isCut = reason === "length" || reason === "content_filter";
  return {
    ...begun,
    status: isCut ? "incomplete" : "completed",
    completed_at: isCut ? null : nowSeconds(),
    incomplete_details: isCut ? { reason: reason === "length" ? "max_output_tokens" : reason } : null,
    output,
    usage,
  };
}

export interface EndOfResponse {
  readonly reason: AnswerEnd;
  readonly usage: ResponseUsage;
}

export function failedResponse(
  begun: ResponseObject,
  output: readonly OutputItem[],
  failure: { readonly error: GatewayError; readonly message: string },
): ResponseObject {
  // Typed clients know no other codes here; the gateway's own stands in the error event.
  const code = failure.error.row.status === 429 ? "rate_limit_exceeded" : "server_error";
  return { ...begun, status: "failed", error: { code, message: failure.message }, output };
}

export function toResponseUsage({ prompt, completion, reasoning }: TokenCount): ResponseUsage {
  return {
    input_tokens: prompt,
    input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
    output_tokens: completion,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: prompt + completion,
  };
}

function shownFormat({ text }: ResponseBody): object {
  const format = text?.format;
  if (format?.type !== "json_schema") return { type: format?.type ?? "text" };
  const { type, name, description, schema, strict } = format;
  return { type, description: description ?? null, name, schema, strict: strict ?? true };
}

/** Those that have an effect. */
function shownTools({ tools }: ResponseBody): readonly object[] {
  return (tools ?? []).filter(isOwn).map((tool) => {
    const { type, name } = tool;
    const description = tool.description ?? null;
    if (tool.type === "custom") return { type, name, description, format: tool.format ?? { type: "text" } };
    return { type, description, name, parameters: tool.parameters ?? null, strict: tool.strict ?? true };
  });
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
