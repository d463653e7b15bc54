import { randomBytes } from "node:crypto";
import { GatewayError } from "../../../errors.ts";
import type { AnswerEnd, AnswerPart, ToolCallPart } from "../../../turn/ask.ts";
import type { KeepAlive } from "../../../turn/keep-alive.ts";
import type { Choice } from "../../../turn/merge.ts";
import type { Usage } from "../usage.ts";

/** What all chunks of an answer share. Clients take a change of it for another answer. */
export interface ReplyHead {
  readonly id: string;
  readonly created: number;
  readonly model: string;
}

/** `function_call` is what `tool_calls` was called before tools. */
export type FinishReason = AnswerEnd | "function_call";

/** How an answer is to be told. */
export interface ReplyForm {
  readonly head: ReplyHead;
  /** How many answers there are. */
  readonly choices: number;
  /** A call is told in the older form, as it was asked for. */
  readonly usesFunctions: boolean;
}

export interface Called {
  readonly id: string;
  readonly type: "function" | "custom";
  readonly function?: { readonly name: string; readonly arguments: string };
  readonly custom?: { readonly name: string; readonly input: string };
}

interface CompletionChoice {
  readonly index: number;
  readonly message: {
    readonly role: "assistant";
    readonly content: string | null;
    readonly reasoning_content?: string;
    readonly tool_calls?: readonly Called[];
    readonly function_call?: Called["function"];
    readonly refusal: null;
    readonly annotations: readonly never[];
  };
  readonly logprobs: null;
  readonly finish_reason: FinishReason;
}

export interface ChatCompletion extends ReplyHead {
  readonly object: "chat.completion";
  readonly choices: readonly CompletionChoice[];
  readonly usage: Usage;
  readonly service_tier: "default";
}

export function newReplyHead(model: string, prefix: "chatcmpl" | "cmpl" = "chatcmpl"): ReplyHead {
  const id = `${prefix}-${randomBytes(18).toString("base64url")}`;
  return { id, created: Math.floor(Date.now() / 1000), model };
}

/** Parts → one completion. */
export async function toCompletion(
  parts: AsyncIterable<Choice | KeepAlive>,
  { head, choices, usesFunctions }: ReplyForm,
  countUsage: () => Promise<Usage>,
): Promise<ChatCompletion> {
  const collected = Array.from({ length: choices }, (): AnswerPart[] => []);
  for await (const item of parts) if ("part" in item) collected[item.index]?.push(item.part);
  return {
    ...head,
    object: "chat.completion",
    choices: collected.map((its, index) => toChoice(its, index, usesFunctions)),
    usage: await countUsage(),
    service_tier: "default",
  };
}

function toChoice(parts: readonly AnswerPart[], index: number, usesFunctions: boolean): CompletionChoice {
  const end = parts.find((part) => part.type === "end");
  if (!end) throw cutShort();
  const text = joined(parts, "text-delta");
  const reasoning = joined(parts, "reasoning-delta");
  const calls = parts.filter((part) => part.type === "tool-call").map(toCalled);
  const message = {
    role: "assistant",
    content: calls.length > 0 && text === "" ? null : text,
    ...(reasoning !== "" && { reasoning_content: reasoning }),
    ...(calls.length > 0 && (usesFunctions ? { function_call: calls[0]?.function } : { tool_calls: calls })),
    refusal: null,
    annotations: [],
  } as const;
  return { index, message, logprobs: null, finish_reason: finishReasonOf(end.finishReason, usesFunctions) };
}

export function finishReasonOf(end: AnswerEnd, usesFunctions: boolean): FinishReason {
  return usesFunctions && end === "tool_calls" ? "function_call" : end;
}

function joined(parts: readonly AnswerPart[], type: "text-delta" | "reasoning-delta"): string {
  return parts.map((part) => (part.type === type ? part.text : "")).join("");
}

function toCalled(call: ToolCallPart): Called {
  const { id, name } = call;
  if (call.kind === "custom") return { id, type: "custom", custom: { name, input: call.arguments } };
  return { id, type: "function", function: { name, arguments: call.arguments } };
}

export function cutShort(): GatewayError {
  return new GatewayError("reply_cut", "The answer ended before it was complete.");
}
