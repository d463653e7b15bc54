import type { RequestHandler } from "express";
import { tokenCountSchema } from "../dialects/anthropic/answer-schema.ts";
import { messages } from "../dialects/anthropic/dialect.ts";
import { countBody } from "../dialects/anthropic/schema.ts";
import type { Dialect, ModelRequest } from "../dialects/dialect.ts";
import { modelListSchema, modelSchema } from "../dialects/openai/answer-schema.ts";
import { chatCompletions } from "../dialects/openai/chat/dialect.ts";
import { completions } from "../dialects/openai/completions/dialect.ts";
import { itemPageSchema, responseDeletionSchema, responseSchema } from "../dialects/openai/responses/answer-schema.ts";
import { responses } from "../dialects/openai/responses/dialect.ts";
import { itemPageQuery } from "../dialects/openai/responses/item-page.ts";
import { ResponseStore } from "../dialects/openai/responses/response-store.ts";
import { Responses, type SharedResponseRows } from "../dialects/openai/responses/responses.ts";
import type { ApiKeys } from "./api-keys.ts";
import { readBody, type BodyLimits } from "./body.ts";
import { countMessageTokens } from "./count-tokens.ts";
import { serveModel, type ModelRequestLimits, type ModelRequestParts } from "./model-request.ts";
import { listModels, retrieveModel } from "./models.ts";
import type { Operation, Route } from "./route.ts";
import { storedResponses } from "./stored-responses.ts";

export interface ApiParts extends ModelRequestParts {
  readonly apiKeys: ApiKeys;
  readonly limits: ModelRequestLimits & BodyLimits;
  /** Where gateways share stored responses; they are in memory unless given. */
  readonly responses?: SharedResponseRows | undefined;
}

const HELLO = { role: "user", content: "Hello! Who are you?" };

/** The routes that clients call, in each dialect. */
export function apiRoutes(parts: ApiParts): Route[] {
  const read = readBody(parts.limits, () => parts.apiKeys.size);
  const store = new Responses(new ResponseStore(), parts.responses);
  const model = <R extends ModelRequest, E>(dialect: Dialect<R, E>, about: About): Route => ({
    method: "POST",
    path: dialect.path,
    audience: "api",
    errorForm: dialect,
    operation: { ...about, ...dialect.schemas },
    handlers: [...read, serveModel(parts, dialect)],
  });
  return [
    model(chatCompletions, {
      tag: "OpenAI",
      summary: "Answer a conversation",
      example: { model: "gptomni", messages: [HELLO], stream: true },
    }),
    model(completions, {
      tag: "OpenAI",
      summary: "Answer prompts, in the older form",
      example: { model: "gptomni", prompt: "Once upon a time", stream: true },
    }),
    model(responses(store), {
      tag: "OpenAI",
      summary: "Answer, and store the conversation",
      example: { model: "gptomni", input: "Hello! Who are you?", stream: true },
    }),
    ...storedResponseRoutes(store),
    model(messages, {
      tag: "Anthropic",
      summary: "Answer a conversation, in Anthropic's form",
      example: { model: "gptomni", max_tokens: 1024, messages: [HELLO], stream: true },
    }),
    countTokensRoute(parts, read),
    ...modelListRoutes(parts),
  ];
}

type About = Pick<Operation, "tag" | "summary" | "example">;

function storedResponseRoutes(store: Responses): Route[] {
  const { retrieve, remove, listInput } = storedResponses(store);
  return [
    {
      method: "GET",
      path: "/v1/responses/:id",
      audience: "api",
      operation: {
        tag: "OpenAI",
        summary: "Show a stored response",
        answer: responseSchema,
        errors: ["response_not_found", "unsupported_parameter"],
      },
      handlers: [retrieve],
    },
    {
      method: "DELETE",
      path: "/v1/responses/:id",
      audience: "api",
      operation: {
        tag: "OpenAI",
        summary: "Delete a stored response",
        answer: responseDeletionSchema,
        errors: ["response_not_found"],
      },
      handlers: [remove],
    },
    {
      method: "GET",
      path: "/v1/responses/:id/input_items",
      audience: "api",
      operation: {
        tag: "OpenAI",
        summary: "List the input of a stored response",
        query: itemPageQuery,
        answer: itemPageSchema,
        errors: ["response_not_found", "invalid_value"],
      },
      handlers: [listInput],
    },
  ];
}

function countTokensRoute(parts: ApiParts, read: readonly RequestHandler[]): Route {
  return {
    method: "POST",
    path: "/v1/messages/count_tokens",
    audience: "api",
    errorForm: messages,
    operation: {
      tag: "Anthropic",
      summary: "Count the tokens that a conversation would send",
      request: countBody,
      example: { model: "gptomni", messages: [HELLO] },
      answer: tokenCountSchema,
      failure: messages.schemas.failure,
    },
    handlers: [...read, countMessageTokens(parts)],
  };
}

function modelListRoutes({ models }: ApiParts): Route[] {
  return [
    {
      method: "GET",
      path: "/v1/models",
      audience: "api",
      operation: { tag: "OpenAI", summary: "List the models", answer: modelListSchema },
      handlers: [listModels(models)],
    },
    {
      method: "GET",
      path: "/v1/models/*id",
      audience: "api",
      operation: { tag: "OpenAI", summary: "Show a model", answer: modelSchema, errors: ["model_not_found"] },
      handlers: [retrieveModel(models)],
    },
  ];
}
