import type { Message } from "../../../chat.ts";
import { GatewayError } from "../../../errors.ts";
import type { ModelRequest } from "../../dialect.ts";
import { checked, listedNames, noteParams, type NotedParams, type ParamGroups } from "../../parameters.ts";
import type { Item } from "./item.ts";
import type { ResponseStore } from "./response-store.ts";
import { newResponse, type ResponseObject } from "./response-object.ts";
import {
  RESPONSE_EMULATED,
  RESPONSE_IGNORED,
  responseBody,
  textFormat,
  type BodyFormat,
  type ResponseBody,
} from "./schema.ts";
import { plainMode, toResponseToolAsk, toTextFormat } from "./tools.ts";
import { isFields } from "./content.ts";
import { DeclaredTools } from "./declared-tools.ts";
import { toHistory } from "./history.ts";
import { toInputItems, withItemTypes } from "./input-items.ts";
import { refuseUnsupported } from "./refused-params.ts";

/** A request for a response, checked: what to ask, and how the caller wants the answer. */
export interface ResponseRequest extends ModelRequest {
  readonly n: 1;
  /** As it begins. */
  readonly response: ResponseObject;
  /** They tell what a call comes back as. */
  readonly declaredTools: DeclaredTools;
  /** What this request brings. */
  readonly input: readonly Item[];
  /** What it continues, and its input. */
  readonly conversation: readonly Item[];
  /** Whether the response is to be stored. */
  readonly isStored: boolean;
  /** Whose it is. */
  readonly owner: string;
}

/** What the caller may refer to. */
export interface OwnedResponses {
  readonly store: Pick<ResponseStore, "find" | "findItem">;
  readonly owner: string;
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
export function parseResponseRequest(body: unknown, owned: OwnedResponses): ResponseRequest {
  const { given, wanted } = checked(withItemTypes(body), responseBody);
  refuseUnsupported(wanted);
  const input = toInputItems(wanted.input, owned);
  const conversation = [...continued(wanted, owned), ...input.items];
  const declared = new DeclaredTools();
  declared.add(wanted.tools ?? [], "tools");
  declared.addItems(conversation);
  const tools = toResponseToolAsk(wanted, declared);
  const { messages, leftOut, orphan } = toHistory(conversation);
  if (messages.length === 0) throw nothingAsked(wanted);
  if (orphan !== undefined && messages.every(({ role }) => role === "tool")) throw callNotFound(orphan);
  const format = wanted.text?.format ?? configuredFormat(conversation);
  const instructions: readonly Message[] = wanted.instructions ? [{ role: "system", text: wanted.instructions }] : [];
  return {
    ask: {
      chat: {
        model: wanted.model,
        messages: [...instructions, ...declared.namespaceNotes(tools.tools), ...messages],
      },
      ...tools,
      format: toTextFormat(format),
      stop: [wanted.stop ?? []].flat().filter((stop) => stop !== ""),
      maxTokens: wanted.max_output_tokens ?? undefined,
    },
    n: 1,
    stream: wanted.stream ?? false,
    response: newResponse(wanted, format),
    declaredTools: declared,
    input: input.items,
    conversation,
    isStored: wanted.store ?? true,
    owner: owned.owner,
    ...noted(given, wanted, { declared, format, leftOut: [...input.leftOut, ...leftOut] }),
  };
}

/** A format that an item sets for the turns behind it. */
function configuredFormat(items: readonly Item[]): BodyFormat | undefined {
  const updates = items.flatMap(({ type, text }) => (type === "configuration_update" && isFields(text) ? [text] : []));
  const read = textFormat.safeParse(updates.findLast(({ format }) => isFields(format))?.["format"]);
  return read.success ? read.data : undefined;
}

function continued(body: ResponseBody, { store, owner }: OwnedResponses): readonly Item[] {
  const id = body.previous_response_id;
  if (!id) return [];
  const previous = store.find(owner, id);
  if (previous) return previous.conversation;
  const message = `Previous response with id '${id.slice(0, 128)}' not found.`;
  throw new GatewayError("previous_response_not_found", message, { param: "previous_response_id" });
}

function nothingAsked({ input }: ResponseBody): GatewayError {
  if (!input) return new GatewayError("missing_required_parameter", "Missing required parameter: 'input'.", INPUT);
  if (input.length > 0) {
    const message = "Invalid 'input': none of its items holds anything that this model can read.";
    return new GatewayError("invalid_value", message, INPUT);
  }
  const message =
    "Invalid 'input': empty array. Expected an array with minimum length 1, but got an empty array instead.";
  return new GatewayError("empty_array", message, INPUT);
}

/** A client that forgot the conversation, for there is nothing but results. */
function callNotFound(callId: string): GatewayError {
  const message = `No tool call found for function call output with call_id ${callId.slice(0, 128)}.`;
  return new GatewayError("invalid_value", message, INPUT);
}

const INPUT = { param: "input" } as const;

interface Findings {
  readonly declared: DeclaredTools;
  readonly format: BodyFormat | null | undefined;
  readonly leftOut: readonly string[];
}

function noted(given: object, body: ResponseBody, { declared, format, leftOut }: Findings): NotedParams {
  const { ignoredParams, emulatedParams } = noteParams(given, PARAMS);
  const { text, tool_choice: choice } = body;
  const isVerbositySet = Boolean(text?.verbosity && text.verbosity !== "medium");
  const isChoiceMade = !choice || !["auto", "none"].includes(plainMode(choice) ?? "");
  return {
    ignoredParams: listedNames([
      ...ignoredParams,
      ...declared.leftOut,
      ...(isVerbositySet ? ["text.verbosity"] : []),
      ...leftOut,
    ]),
    emulatedParams: [
      ...(declared.all.length > 0 ? ["tools"] : []),
      ...emulatedParams.filter((name) => name !== "tool_choice" || isChoiceMade),
      ...(format && format.type !== "text" ? ["text.format"] : []),
    ],
  };
}
