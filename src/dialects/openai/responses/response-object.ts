import { randomBytes } from "node:crypto";
import type { GatewayError } from "../../../errors.ts";
import type { TokenCount } from "../../../turn/model-answer.ts";
import type { AnswerEnd } from "../../../turn/ask.ts";
import type { CallItem, MessageItem, ReasoningItem } from "./item.ts";
import type { BodyFormat, ResponseBody } from "./schema.ts";
import { plainMode, toTextFormat } from "./tools.ts";
import type { BodyToolChoice } from "./tool-schema.ts";
import { shownTools } from "./shown-tools.ts";

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
export function newResponse(body: ResponseBody, format = body.text?.format): ResponseObject {
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
    text: { format: shownFormat(format), verbosity: body.text?.verbosity ?? "medium" },
    tool_choice: shownChoice(body.tool_choice ?? "auto"),
    tools: shownTools(body.tools ?? []),
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

/** As it has an effect. */
function shownFormat(format: BodyFormat | null | undefined): object {
  const shown = toTextFormat(format);
  if (shown.type !== "json_schema") return { type: shown.type };
  const { type, name, schema } = shown;
  const { description = null, strict = true } = format?.type === "json_schema" ? format : {};
  return { type, description, name, schema, strict: strict ?? true };
}

function shownChoice(choice: BodyToolChoice): BodyToolChoice {
  return plainMode(choice) ?? choice;
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
