import type { Dialect } from "../../dialect.ts";
import { dataFrame } from "../../event-frame.ts";
import { errorSchema } from "../answer-schema.ts";
import { completionSchema } from "./answer-schema.ts";
import { toErrorBody } from "../error.ts";
import { toCompletionChunks, toWholeCompletion, type Completion } from "./reply.ts";
import { parseCompletion, type CompletionRequest } from "./request.ts";
import { completionBody } from "./schema.ts";

/** https://platform.openai.com/docs/api-reference/completions/create */
export const completions: Dialect<CompletionRequest, Completion> = {
  path: "/v1/completions",
  schemas: { request: completionBody, answer: completionSchema, event: completionSchema, failure: errorSchema },
  parse: parseCompletion,
  stream: toCompletionChunks,
  collect: toWholeCompletion,
  frame: dataFrame,
  endFrame: "data: [DONE]\n\n",
  errorBody: toErrorBody,
  failureFrame: (error) => dataFrame(toErrorBody(error)),
};
