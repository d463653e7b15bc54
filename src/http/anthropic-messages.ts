import type { RequestHandler } from "express";
import { toErrorBody } from "../dialects/anthropic/error.ts";
import { toEvents, type MessageEvent } from "../dialects/anthropic/events.ts";
import { toMessage } from "../dialects/anthropic/message.ts";
import { parseCountRequest, parseMessageRequest, type MessageRequest } from "../dialects/anthropic/request.ts";
import type { Ask } from "../turn/ask.ts";
import { requestOf } from "../turn/emulation/emulation.ts";
import { countTokens } from "../turn/tokens.ts";
import { refuseLargeSchemas } from "../turn/tool-limits.ts";
import { sendJson } from "./respond.ts";
import { bodyText, parseBody } from "./body.ts";
import { requestContextOf } from "./request-context.ts";
import { serveTurn, type Dialect, type Turn, type TurnParts } from "./turn.ts";

/** Makes every failure of the route, a wrong key included, one of Anthropic's. */
export const failAsAnthropic: RequestHandler = (_request, response, next) => {
  const exchange = requestContextOf(response);
  exchange.errorBody = (error) => toErrorBody(error, exchange.id);
  response.setHeader("request-id", exchange.id);
  next();
};

/** `POST /v1/messages` */
export function anthropicMessages(parts: TurnParts): RequestHandler {
  const dialect: Dialect<MessageRequest> = {
    parse: (body, request) => parseMessageRequest({ body, text: () => bodyText(request) }),
    whole: ({ ask }, turn) => toMessage(turn.pulsed(onlyAnswer(turn)), ask.chat.model, () => turn.countTokens()),
    async *events({ ask }, turn) {
      const inputTokens = await promptTokens(ask, parts);
      const stream = { model: ask.chat.model, inputTokens, countTokens: () => turn.countTokens() };
      yield* toEvents(turn.pulsed(onlyAnswer(turn)), stream);
    },
    frames: {
      event: (event) => frame(event as MessageEvent),
      end: "",
      failure: (error, requestId) => frame({ ...toErrorBody(error, requestId) }),
    },
  };
  return serveTurn(parts, dialect);
}

/** `POST /v1/messages/count_tokens`; the site hears nothing of it. */
export function countMessageTokens(parts: TurnParts): RequestHandler {
  return async (request, response) => {
    const ask = parseCountRequest({ body: parseBody(request), text: () => bodyText(request) });
    requestContextOf(response).model = parts.models.serving(ask.chat.model);
    refuseLargeSchemas(ask.tools);
    sendJson(response, 200, { input_tokens: await promptTokens(ask, parts) });
  };
}

function promptTokens(ask: Ask, { promptOf }: TurnParts): Promise<number> {
  return countTokens(promptOf(requestOf(ask)));
}

async function* onlyAnswer({ answers }: Turn) {
  for (const answer of answers) yield* answer;
}

function frame(event: MessageEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}
