import type { RequestHandler } from "express";
import { toCompletionChunks, toWholeCompletion, type CompletionForm } from "../dialects/openai/completions/reply.ts";
import { parseCompletion, type CompletionRequest } from "../dialects/openai/completions/request.ts";
import { toErrorBody } from "../dialects/openai/error.ts";
import { newReplyHead } from "../dialects/openai/chat/reply.ts";
import { toUsage } from "../dialects/openai/usage.ts";
import { merge } from "../turn/merge.ts";
import { dataFrame } from "./sse.ts";
import { serveTurn, type Dialect, type Turn, type TurnParts } from "./turn.ts";

/** `POST /v1/completions` */
export function completions(parts: TurnParts): RequestHandler {
  const dialect: Dialect<CompletionRequest> = {
    parse: (body) => parseCompletion(body, { maxChoices: parts.limits.maxChoices }),
    whole: (asked, turn) => toWholeCompletion(turn.pulsed(merge(turn.answers)), formOf(asked), usageOf(turn)),
    events: (asked, turn) =>
      toCompletionChunks(
        turn.pulsed(merge(turn.answers)),
        formOf(asked),
        asked.includeUsage ? usageOf(turn) : undefined,
      ),
    frames: { event: dataFrame, end: "data: [DONE]\n\n", failure: (error) => dataFrame(toErrorBody(error)) },
  };
  return serveTurn(parts, dialect);
}

function formOf({ ask, openings }: CompletionRequest): CompletionForm {
  return { head: newReplyHead(ask.chat.model, "cmpl"), openings };
}

function usageOf(turn: Turn) {
  return async () => toUsage(await turn.countTokens());
}
