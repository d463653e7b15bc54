import type { Dialect } from "../dialect.ts";
import { namedFrame } from "../event-frame.ts";
import { errorSchema, messageEventSchema, messageSchema } from "./answer-schema.ts";
import { toErrorBody } from "./error.ts";
import { toEvents, type MessageEvent } from "./events.ts";
import { toMessage } from "./message.ts";
import { rateLimitHeaders } from "./rate-limit-headers.ts";
import { parseMessageRequest, type MessageRequest } from "./request.ts";
import { messageBody } from "./schema.ts";

/** https://docs.anthropic.com/en/api/messages */
export const messages: Dialect<MessageRequest, MessageEvent> = {
  path: "/v1/messages",
  schemas: { request: messageBody, answer: messageSchema, event: messageEventSchema, failure: errorSchema },
  requestIdHeader: "request-id",
  parse: parseMessageRequest,
  stream: toEvents,
  collect: toMessage,
  frame: namedFrame,
  endFrame: "",
  errorBody: toErrorBody,
  rateLimitHeaders,
  failureFrame: (error, requestId) => namedFrame(toErrorBody(error, requestId)),
};
