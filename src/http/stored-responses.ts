import type { Request, RequestHandler } from "express";
import { parseItemPage, toItemPage } from "../dialects/openai/responses/item-page.ts";
import type { StoredResponse } from "../dialects/openai/responses/response-store.ts";
import type { Responses } from "../dialects/openai/responses/responses.ts";
import { GatewayError } from "../errors.ts";
import { requestContextOf } from "./request-context.ts";
import { sendJson } from "./respond.ts";

export interface StoredResponseHandlers {
  /** `GET /v1/responses/{id}` */
  readonly retrieve: RequestHandler;
  /** `DELETE /v1/responses/{id}` */
  readonly remove: RequestHandler;
  /** `GET /v1/responses/{id}/input_items` */
  readonly listInput: RequestHandler;
}

/** Actions of OpenAI's API. Without a route of their own they would be taken for ids. */
export const UNSERVED_ACTIONS: readonly string[] = ["/responses/compact", "/responses/input_tokens"];

/** Answers that an action is not served, and what to do instead. */
export const refuseAction: RequestHandler = (request) => {
  const instead =
    request.path === "/responses/compact"
      ? "Conversations are not compacted here: ask for a summary in a turn of its own."
      : "Tokens are counted in the usage of each response.";
  throw new GatewayError("unknown_url", `Invalid URL (POST /v1${request.path}). ${instead}`);
};

/** Shows and deletes stored responses, each to the key that made it. */
export function storedResponses(store: Responses): StoredResponseHandlers {
  return {
    retrieve: async (request, response) => {
      if (request.query["stream"] === "true") {
        const message = "Unsupported parameter: 'stream' is not supported here.";
        throw new GatewayError("unsupported_parameter", message, { param: "stream" });
      }
      const { response: stored } = await found(store, request, requestContextOf(response).keyId);
      sendJson(response, 200, stored);
    },
    remove: async (request, response) => {
      const { keyId } = requestContextOf(response);
      const { id } = (await found(store, request, keyId)).response;
      await store.delete(keyId, id);
      sendJson(response, 200, { id, object: "response", deleted: true });
    },
    listInput: async (request, response) => {
      const { input } = await found(store, request, requestContextOf(response).keyId);
      sendJson(response, 200, toItemPage(input, parseItemPage(request.query)));
    },
  };
}

async function found(store: Responses, { params }: Request, owner: string): Promise<StoredResponse> {
  const id = String(params["id"]);
  await store.fetch(owner, id);
  const stored = store.memory.find(owner, id);
  if (stored) return stored;
  throw new GatewayError("response_not_found", `Response with id '${id.slice(0, 128)}' not found.`);
}
