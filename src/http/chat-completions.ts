import type { RequestHandler } from "express";
import { toErrorBody } from "../dialects/openai/error.ts";
import { toChunks } from "../dialects/openai/chat/chunks.ts";
import { newReplyHead, toCompletion, type ReplyForm } from "../dialects/openai/chat/reply.ts";
import { parseChatCompletion, type ChatCompletionRequest } from "../dialects/openai/chat/request.ts";
import { toUsage } from "../dialects/openai/usage.ts";
import { merge } from "../turn/merge.ts";
import { dataFrame } from "./sse.ts";
import { serveTurn, type Dialect, type Turn, type TurnParts } from "./turn.ts";

/** `POST /v1/chat/completions` */
export function chatCompletions(parts: TurnParts): RequestHandler {
  const dialect: Dialect<ChatCompletionRequest> = {
    parse: (body) => parseChatCompletion(body, { maxChoices: parts.limits.maxChoices }),
    whole: (asked, turn) => toCompletion(turn.pulsed(merge(turn.answers)), formOf(asked), usageOf(turn)),
    events: (asked, turn) =>
      toChunks(turn.pulsed(merge(turn.answers)), formOf(asked), asked.includeUsage ? usageOf(turn) : undefined),
    frames: { event: dataFrame, end: "data: [DONE]\n\n", failure: (error) => dataFrame(toErrorBody(error)) },
  };
  return serveTurn(parts, dialect);
}

function formOf({ ask, n, usesFunctions }: ChatCompletionRequest): ReplyForm {
  return { head: newReplyHead(ask.chat.model), choices: n, usesFunctions };
}

function usageOf(turn: Turn) {
  return async () => toUsage(await turn.countTokens());
}
