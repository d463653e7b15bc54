import type { Dialect } from "../../dialect.ts";
import { namedFrame } from "../../event-frame.ts";
import { errorSchema } from "../answer-schema.ts";
import { responseEventSchema, responseSchema } from "./answer-schema.ts";
import { toErrorBody } from "../error.ts";
import { numbered, toResponse, toResponseEvents, type NumberedEvent, type ResponseEvent } from "./events.ts";
import { parseResponseRequest, type ResponseRequest } from "./request.ts";
import { referencesIn } from "./input-items.ts";
import type { Responses } from "./responses.ts";
import { responseBody } from "./schema.ts";

/** https://platform.openai.com/docs/api-reference/responses/create, with a store for what later requests continue. */
export function responses(store: Responses): Dialect<ResponseRequest, NumberedEvent> {
  return {
    path: "/v1/responses",
    schemas: { request: responseBody, answer: responseSchema, event: responseEventSchema, failure: errorSchema },
    prepare: async (body, { keyId }) => {
      const { response, items } = referencesIn(body);
      if (response !== undefined) await store.fetch(keyId, response);
      if (items.length > 0) await store.fetchItems(keyId, items);
    },
    parse: (body, { keyId }) => parseResponseRequest(body, { store: store.memory, owner: keyId }),
    stream: (answers, request) => numbered(storing(toResponseEvents(answers, request), request, store)),
    collect: (answers, request) => toResponse(storing(toResponseEvents(answers, request), request, store), request),
    frame: namedFrame,
    endFrame: "",
    errorBody: toErrorBody,
    // The events tell a failure themselves, because it has a number as they have.
    failureFrame: () => "",
  };
}

/** The events; a response that reaches its end is stored before the caller hears of it. */
async function* storing(
  events: AsyncIterable<ResponseEvent>,
  { owner, input, conversation, isStored }: ResponseRequest,
  store: Responses,
): AsyncGenerator<ResponseEvent, void, undefined> {
  for await (const event of events) {
    const { response } = event;
    const isEnd = response?.status === "completed" || response?.status === "incomplete";
    if (isEnd && isStored) {
      await store.add(owner, { response, input, conversation: [...conversation, ...response.output] });
    }
    yield event;
  }
}
