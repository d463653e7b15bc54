import type { RequestHandler } from "express";
import { toErrorBody } from "../openai/error.ts";
import { newReplyHead, toChunks, toCompletion } from "../openai/reply.ts";
import { parseChatCompletion, type ChatCompletionRequest } from "../openai/request.ts";
import { toUsage } from "../openai/usage.ts";
import { merge } from "../turn/merge.ts";
import { dataFrame } from "./sse.ts";
import { serveTurn, type Dialect, type Turn, type TurnParts } from "./turn.ts";

/** `POST /v1/chat/completions` */
export function chatCompletions(parts: TurnParts): RequestHandler {
  const dialect: Dialect<ChatCompletionRequest> = {
    parse: (body) => parseChatCompletion(body, parts.models),
    whole: (asked, turn) =>
      toCompletion(turn.pulsed(merge(turn.answers)), newReplyHead(asked.ask.chat.model), asked.n, usageOf(turn)),
    events: (asked, turn) => {
      const count = asked.includeUsage ? usageOf(turn) : undefined;
      return toChunks(turn.pulsed(merge(turn.answers)), newReplyHead(asked.ask.chat.model), asked.n, count);
    },
    frames: { event: dataFrame, end: "data: [DONE]\n\n", failure: (error) => dataFrame(toErrorBody(error)) },
  };
  return serveTurn(parts, dialect);
}

function usageOf(turn: Turn) {
  return async () => toUsage(await turn.countTokens());
}
