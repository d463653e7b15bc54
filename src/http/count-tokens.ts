import type { RequestHandler } from "express";
import { parseCountRequest } from "../dialects/anthropic/request.ts";
import type { ContextLimit } from "../turn/context-limit.ts";
import { requestOf } from "../turn/emulation/emulation.ts";
import { countTokens } from "../turn/tokens.ts";
import { refuseLargeSchemas } from "../turn/tool-limits.ts";
import { parseBody } from "./body.ts";
import { refuseOtherModels } from "./key-models.ts";
import type { ModelCatalog } from "./model-catalog.ts";
import { requestContextOf } from "./request-context.ts";
import { sendJson } from "./respond.ts";

export interface CountTokensParts {
  readonly models: ModelCatalog;
  readonly contextLimit: ContextLimit;
}

/** `POST /v1/messages/count_tokens`: counts what a conversation would send. The site is not asked. */
export function countMessageTokens({ models, contextLimit }: CountTokensParts): RequestHandler {
  return async (request, response) => {
    const { value, text: bodyText } = parseBody(request);
    const ask = parseCountRequest(value, { bodyText });
    const context = requestContextOf(response);
    context.model = models.serving(ask.chat.model);
    refuseOtherModels(context.acceptedKey, ask.chat.model, context.model);
    refuseLargeSchemas(ask.tools);
    const prompt = contextLimit.wholePromptOf({ ...requestOf(ask), model: context.model });
    sendJson(response, 200, { input_tokens: await countTokens(prompt) });
  };
}
