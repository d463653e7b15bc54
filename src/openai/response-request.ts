import { GatewayError } from "../errors.ts";
import type { Ask } from "../turn/ask.ts";
import {
  checked,
  listedNames,
  modelNotFound,
  noteParams,
  unsupportedParam,
  type NotedParams,
  type ParamGroups,
} from "../turn/params.ts";
import { toItems, toTurns, withItemTypes } from "./response-input.ts";
import type { Item } from "./response-item.ts";
import type { Remembered } from "./response-memory.ts";
import { newResponse, type ResponseObject } from "./response-object.ts";
import { RESPONSE_EMULATED, RESPONSE_IGNORED, responseBody, type ResponseBody } from "./response-schema.ts";
import { isOwn, toResponseToolAsk, toTextFormat } from "./response-tools.ts";

/** A request for a response, checked: what to ask, and how the caller wants the answer. */
export interface ResponseRequest extends NotedParams {
  readonly ask: Ask;
  readonly n: 1;
  readonly stream: boolean;
  readonly response: ResponseObject;
  /** What this request brings. */
  readonly input: readonly Item[];
  /** What it continues, and its input. */
  readonly conversation: readonly Item[];
  /** Whether it is to be remembered. */
  readonly isStored: boolean;
}

/** What this gateway has to give, and what it remembers of this caller. */
export interface ResponseOffer {
  readonly models: readonly string[];
  readonly responseOf: (id: string) => Remembered | undefined;
  readonly itemOf: (id: string) => Item | undefined;
}

const PARAMS: ParamGroups = {
  known: new Set(Object.keys(responseBody.shape)),
  ignored: RESPONSE_IGNORED,
  // These two may hold both what is imitated and what is not.
  emulated: RESPONSE_EMULATED.difference(new Set(["tools", "text"])),
  defaults: {
    temperature: [1],
    top_p: [1],
    service_tier: ["auto", "default"],
    truncation: ["disabled"],
    parallel_tool_calls: [true],
    tool_choice: ["auto", "none"],
  },
};

/** @throws GatewayError that names the offending parameter. */
export function parseResponseRequest(body: unknown, { models, responseOf, itemOf }: ResponseOffer): ResponseRequest {
  const { given, wanted } = checked(withItemTypes(body), responseBody);
  refuseUnsupported(wanted);
  const tools = toResponseToolAsk(wanted);
  const input = toItems(wanted.input, itemOf);
  const conversation = [...continued(wanted, responseOf), ...input];
  if (conversation.length === 0) throw nothingAsked(wanted);
  const turns = toTurns(conversation);
  if (!models.includes(wanted.model)) throw modelNotFound(wanted.model);
  const { instructions } = wanted;
  return {
    ask: {
      chat: {
        model: wanted.model,
        messages: instructions ? [{ role: "system", text: instructions }, ...turns] : turns,
      },
      ...tools,
      format: toTextFormat(wanted.text),
      stop: [],
      maxTokens: wanted.max_output_tokens ?? undefined,
    },
    n: 1,
    stream: wanted.stream ?? false,
    response: newResponse(wanted),
    input,
    conversation,
    isStored: wanted.store ?? true,
    ...noted(given, wanted),
  };
}

/** What would change the answer's form, or ask for what is kept elsewhere, is refused when asked for. */
function refuseUnsupported(body: ResponseBody): void {
  if (body.background) throw unsupportedParam("background");
  if (body.conversation) throw unsupportedParam("conversation");
  if (body.prompt) throw unsupportedParam("prompt");
  if (body.top_logprobs) throw unsupportedParam("top_logprobs");
}

function continued(body: ResponseBody, responseOf: ResponseOffer["responseOf"]): readonly Item[] {
  const id = body.previous_response_id;
  if (!id) return [];
  const previous = responseOf(id);
  if (previous) return previous.conversation;
  const message = `Previous response with id '${id.slice(0, 128)}' not found.`;
  throw new GatewayError("previous_response_not_found", message, { param: "previous_response_id" });
}

function nothingAsked({ input }: ResponseBody): GatewayError {
  if (!input) return new GatewayError("missing_required_parameter", "Missing required parameter: 'input'.", INPUT);
  const message =
    "Invalid 'input': empty array. Expected an array with minimum length 1, but got an empty array instead.";
  return new GatewayError("empty_array", message, INPUT);
}

const INPUT = { param: "input" } as const;

function noted(given: object, { tools, text }: ResponseBody): NotedParams {
  const { ignoredParams, emulatedParams } = noteParams(given, PARAMS);
  const hosted = (tools ?? []).filter((tool) => !isOwn(tool)).map(({ type }) => type);
  const isVerbositySet = Boolean(text?.verbosity && text.verbosity !== "medium");
  const isFormatted = Boolean(text?.format && text.format.type !== "text");
  return {
    ignoredParams: listedNames([...ignoredParams, ...hosted, ...(isVerbositySet ? ["text.verbosity"] : [])]),
    emulatedParams: [
      ...((tools ?? []).some(isOwn) ? ["tools"] : []),
      ...emulatedParams,
      ...(isFormatted ? ["text.format"] : []),
    ],
  };
}
