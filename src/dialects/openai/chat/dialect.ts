import type { Dialect } from "../../dialect.ts";
import { dataFrame } from "../../event-frame.ts";
import { errorSchema } from "../answer-schema.ts";
import { chatCompletionChunkSchema, chatCompletionSchema } from "./answer-schema.ts";
import { toErrorBody } from "../error.ts";
import { toChunks, type ChatCompletionChunk } from "./chunks.ts";
import { toCompletion } from "./reply.ts";
import { parseChatCompletion, type ChatCompletionRequest } from "./request.ts";
import { chatCompletionBody } from "./schema.ts";

/** https://platform.openai.com/docs/api-reference/chat/create */
export const chatCompletions: Dialect<ChatCompletionRequest, ChatCompletionChunk> = {
  path: "/v1/chat/completions",
  schemas: {
    request: chatCompletionBody,
    answer: chatCompletionSchema,
    event: chatCompletionChunkSchema,
    failure: errorSchema,
  },
  parse: parseChatCompletion,
  stream: toChunks,
  collect: toCompletion,
  frame: dataFrame,
  endFrame: "data: [DONE]\n\n",
  errorBody: toErrorBody,
  failureFrame: (error) => dataFrame(toErrorBody(error)),
};
