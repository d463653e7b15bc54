import type { Request, RequestHandler } from "express";
import { GatewayError } from "../errors.ts";
import {
  toResponse,
  toResponseEvents,
  type ResponseEvent,
  type ResponseForm,
} from "../dialects/openai/responses/events.ts";
import { parseItemPage, toItemPage } from "../dialects/openai/responses/item-page.ts";
import { ResponseStore, type StoredResponse } from "../dialects/openai/responses/response-store.ts";
import { toResponseUsage } from "../dialects/openai/responses/response-object.ts";
import { parseResponseRequest, type ResponseRequest } from "../dialects/openai/responses/request.ts";
import { sendJson } from "./respond.ts";
import { requestContextOf } from "./request-context.ts";
import { serveTurn, type Dialect, type Turn, type TurnParts } from "./turn.ts";

export interface ResponseHandlers {
  /** `POST /v1/responses` */
  readonly create: RequestHandler;
  /** `GET /v1/responses/{id}` */
  readonly retrieve: RequestHandler;
  /** `DELETE /v1/responses/{id}` */
  readonly remove: RequestHandler;
  /** `GET /v1/responses/{id}/input_items` */
  readonly listInput: RequestHandler;
}

/** Actions of OpenAI's that would be read as ids otherwise. */
export const UNSERVED_ACTIONS: readonly string[] = ["/responses/compact", "/responses/input_tokens"];

/** Says of an action of OpenAI's that it is not served, and what to do instead. */
export const refuseAction: RequestHandler = (request) => {
  const instead =
    request.path === "/responses/compact"
      ? "Conversations are not compacted here: ask for a summary in a turn of its own."
      : "Tokens are counted in the usage of each response.";
  throw new GatewayError("unknown_url", `Invalid URL (POST /v1${request.path}). ${instead}`);
};

interface OwnedRequest extends ResponseRequest {
  readonly owner: string;
}

/** The Responses API, with a memory of its own. */
export function responses(parts: TurnParts): ResponseHandlers {
  const memory = new ResponseStore();
  return {
    create: serveTurn(parts, dialectOf(memory)),
    retrieve: (request, response) => {
      if (request.query["stream"] === "true") {
        const message = "Unsupported parameter: 'stream' is not supported here.";
        throw new GatewayError("unsupported_parameter", message, { param: "stream" });
      }
      sendJson(response, 200, remembered(memory, request).response);
    },
    remove: (request, response) => {
      const { id } = remembered(memory, request).response;
      memory.forget(ownerOf(request), id);
      sendJson(response, 200, { id, object: "response", deleted: true });
    },
    listInput: (request, response) => {
      const { input } = remembered(memory, request);
      sendJson(response, 200, toItemPage(input, parseItemPage(request.query)));
    },
  };
}

function dialectOf(memory: ResponseStore): Dialect<OwnedRequest> {
  return {
    parse: (body, request) => {
      const owner = ownerOf(request);
      const asked = parseResponseRequest(body, {
        responseOf: (id) => memory.find(owner, id),
        itemOf: (id) => memory.findItem(owner, id),
      });
      return { ...asked, owner };
    },
    whole: (asked, turn) => toResponse(turn.pulsed(answerOf(turn)), formOf(asked, turn, memory)),
    events: (asked, turn) => toResponseEvents(turn.pulsed(answerOf(turn)), formOf(asked, turn, memory)),
    // The events tell a failure themselves, for it is numbered as they are.
    frames: { event: (event) => eventFrame(event as ResponseEvent), end: "", failure: () => "" },
  };
}

function formOf(asked: OwnedRequest, turn: Turn, memory: ResponseStore): ResponseForm {
  const { owner, response: begun, callForm, input, conversation, isStored } = asked;
  return {
    begun,
    callForm,
    countUsage: async () => toResponseUsage(await turn.countTokens()),
    onEnd: (response) => {
      if (!isStored) return;
      memory.remember(owner, { response, input, conversation: [...conversation, ...response.output] });
    },
  };
}

async function* answerOf({ answers }: Turn) {
  for (const answer of answers) yield* answer;
}

function eventFrame(event: ResponseEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

function remembered(memory: ResponseStore, request: Request): StoredResponse {
  const id = String(request.params["id"]);
  const found = memory.find(ownerOf(request), id);
  if (found) return found;
  throw new GatewayError("response_not_found", `Response with id '${id.slice(0, 128)}' not found.`);
}

function ownerOf({ res }: Request): string {
  if (!res) throw new Error("Express gives every request its response.");
  return requestContextOf(res).keyId;
}
