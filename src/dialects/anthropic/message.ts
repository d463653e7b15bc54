import { randomBytes } from "node:crypto";
import type { z } from "zod";
import type { TokenCount } from "../../turn/model-answer.ts";
import type { AnswerPart, ToolCallPart } from "../../turn/ask.ts";
import { exactJson } from "../../turn/exact-json.ts";
import type { Answers } from "../dialect.ts";
import type { messageSchema } from "./answer-schema.ts";
import type { MessageRequest } from "./request.ts";

export type MessageObject = z.infer<typeof messageSchema>;
export type MessageUsage = MessageObject["usage"];

export type ContentBlock = MessageObject["content"][number];

type End = Extract<AnswerPart, { type: "end" }>;

export function newMessage(model: string, usage: MessageUsage): MessageObject {
  const id = `msg_${randomBytes(18).toString("base64url").replaceAll(/[-_]/g, "0")}`;
  return { id, type: "message", role: "assistant", model, content: [], stop_reason: null, stop_sequence: null, usage };
}

export function usageOf({ prompt, completion }: Pick<TokenCount, "prompt" | "completion">): MessageUsage {
  return {
    input_tokens: prompt,
    output_tokens: completion,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    cache_creation: null,
    server_tool_use: null,
    service_tier: "standard",
  };
}

export function stopOf(end: End): Pick<MessageObject, "stop_reason" | "stop_sequence"> {
  if (end.stopSequence !== undefined) return { stop_reason: "stop_sequence", stop_sequence: end.stopSequence };
  const reasons = {
    stop: "end_turn",
    length: "max_tokens",
    tool_calls: "tool_use",
    content_filter: "refusal",
  } as const;
  return { stop_reason: reasons[end.finishReason], stop_sequence: null };
}

/** The same call, by the id that Anthropic's clients expect. */
export function toToolUse({
  id,
  name,
  namespace,
  arguments: input,
}: ToolCallPart): Extract<ContentBlock, { type: "tool_use" }> {
  const toolset = namespace === undefined ? {} : { toolset_name: namespace };
  return { type: "tool_use", id: id.replace(/^call_/, "toolu_"), name, ...toolset, input: exactJson(input || "{}") };
}

/** Parts → one message. */
export async function toMessage(answers: Answers, { ask }: MessageRequest): Promise<MessageObject> {
  const content: ContentBlock[] = [];
  let stop: Pick<MessageObject, "stop_reason" | "stop_sequence"> = { stop_reason: null, stop_sequence: null };
  for await (const item of answers) {
    if ("type" in item) continue;
    const { part } = item;
    if (part.type === "end") stop = stopOf(part);
    else if (part.type === "tool-call") content.push(toToolUse(part));
    else append(content, part);
  }
  return { ...newMessage(ask.chat.model, usageOf(await answers.countTokens())), content, ...stop };
}

function append(content: ContentBlock[], part: Extract<AnswerPart, { text: string }>): void {
  const last = content.at(-1);
  if (part.type === "text-delta") {
    if (last?.type === "text") content[content.length - 1] = { ...last, text: last.text + part.text };
    else content.push({ type: "text", text: part.text, citations: null });
  } else if (last?.type === "thinking") {
    content[content.length - 1] = { ...last, thinking: last.thinking + part.text };
  } else content.push({ type: "thinking", thinking: part.text, signature: "" });
}
