import { randomBytes } from "node:crypto";
import type { z } from "zod";
import type { AnswerEnd, ToolCallPart } from "../../../turn/ask.ts";
import type { Answers } from "../../dialect.ts";
import { joinedText, wholeAnswers, type WholeAnswer } from "../../whole-answers.ts";
import { toUsage } from "../usage.ts";
import type { chatCompletionSchema } from "./answer-schema.ts";
import type { ChatCompletionRequest } from "./request.ts";

/** What all chunks of an answer share. Clients take a change of it for another answer. */
export interface ReplyHead {
  readonly id: string;
  readonly created: number;
  readonly model: string;
}

export type ChatCompletion = z.infer<typeof chatCompletionSchema>;
type CompletionChoice = ChatCompletion["choices"][number];
export type FinishReason = CompletionChoice["finish_reason"];
export type Called = NonNullable<CompletionChoice["message"]["tool_calls"]>[number];

export function newReplyHead(model: string, prefix: "chatcmpl" | "cmpl" = "chatcmpl"): ReplyHead {
  const id = `${prefix}-${randomBytes(18).toString("base64url")}`;
  return { id, created: Math.floor(Date.now() / 1000), model };
}

/** Parts → one completion. */
export async function toCompletion(
  answers: Answers,
  { ask, usesFunctions }: ChatCompletionRequest,
): Promise<ChatCompletion> {
  const head = newReplyHead(ask.chat.model);
  const wholes = await wholeAnswers(answers);
  return {
    ...head,
    object: "chat.completion",
    choices: wholes.map((whole, index) => toChoice(whole, index, usesFunctions)),
    usage: toUsage(await answers.countTokens()),
    service_tier: "default",
  };
}

function toChoice({ content, end }: WholeAnswer, index: number, usesFunctions: boolean): CompletionChoice {
  const text = joinedText(content, "text-delta");
  const reasoning = joinedText(content, "reasoning-delta");
  const calls = content.filter((part) => part.type === "tool-call").map(toCalled);
  const functionCall = usesFunctions ? calls[0]?.function : undefined;
  const message: CompletionChoice["message"] = {
    role: "assistant",
    content: calls.length > 0 && text === "" ? null : text,
    ...(reasoning !== "" && { reasoning_content: reasoning }),
    ...(calls.length > 0 && !usesFunctions && { tool_calls: calls }),
    ...(functionCall && { function_call: functionCall }),
    refusal: null,
    annotations: [],
  };
  return { index, message, logprobs: null, finish_reason: finishReasonOf(end.finishReason, usesFunctions) };
}

export function finishReasonOf(end: AnswerEnd, usesFunctions: boolean): FinishReason {
  return usesFunctions && end === "tool_calls" ? "function_call" : end;
}

function toCalled(call: ToolCallPart): Called {
  const { id, name } = call;
  if (call.kind === "custom") return { id, type: "custom", custom: { name, input: call.arguments } };
  return { id, type: "function", function: { name, arguments: call.arguments } };
}
