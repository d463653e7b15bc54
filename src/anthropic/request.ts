import { GatewayError } from "../errors.ts";
import type { Ask, Tool, ToolChoice } from "../turn/ask.ts";
import { checked, listedNames, noteParams, type NotedParams, type ParamGroups } from "../turn/params.ts";
import { stopSequences } from "../turn/stop.ts";
import {
  countBody,
  messageBody,
  MESSAGE_EMULATED,
  MESSAGE_IGNORED,
  type BodyTool,
  type MessageBody,
  type OwnTool,
} from "./schema.ts";
import { toMessages } from "./turns.ts";

/** A request for a message, checked. */
export interface MessageRequest extends NotedParams {
  readonly ask: Ask;
  readonly n: 1;
  readonly stream: boolean;
}

const PARAMS: ParamGroups = {
  known: new Set(Object.keys(messageBody.shape)),
  ignored: MESSAGE_IGNORED,
  emulated: MESSAGE_EMULATED,
  defaults: { temperature: [1], top_p: [1], service_tier: ["auto"] },
};

/** @throws GatewayError that names the offending parameter. */
export function parseMessageRequest(body: unknown): MessageRequest {
  const { given, wanted } = checked(body, messageBody);
  return { ask: toAsk(wanted), n: 1, stream: wanted.stream ?? false, ...noted(given, wanted) };
}

/** A question whose tokens are to be counted. @throws GatewayError that names the offending parameter. */
export function parseCountRequest(body: unknown): Ask {
  return toAsk(checked(body, countBody).wanted);
}

function toAsk(body: MessageBody): Ask {
  const messages = toMessages(body);
  const choice = body.tool_choice;
  const declared = (body.tools ?? []).flatMap((tool, index) => (isOwn(tool) ? [toTool(tool, index)] : []));
  return {
    chat: { model: body.model, messages },
    tools: choice?.type === "none" ? [] : declared,
    toolChoice: toToolChoice(choice, declared),
    parallelToolCalls: !(choice && "disable_parallel_tool_use" in choice && choice.disable_parallel_tool_use),
    format: { type: "text" },
    stop: stopSequences(body.stop_sequences, "stop_sequences"),
    maxTokens: body.max_tokens ?? undefined,
  };
}

function toToolChoice(choice: MessageBody["tool_choice"], tools: readonly Tool[]): ToolChoice {
  if (choice?.type === "any" && tools.length > 0) return "required";
  if (choice?.type !== "tool" && choice?.type !== "any") return "auto";
  if (choice.type === "tool" && tools.some(({ name }) => name === choice.name)) return { name: choice.name };
  const message = "Invalid value for 'tool_choice': no tool that could be called was given for it.";
  throw new GatewayError("invalid_value", message, { param: "tool_choice" });
}

function isOwn(tool: BodyTool): tool is OwnTool {
  return "input_schema" in tool;
}

function toTool({ name, description, input_schema: parameters }: OwnTool, index: number): Tool {
  const param = `tools[${index}].input_schema`;
  return { kind: "function", name, description: description ?? undefined, parameters, param };
}

/** Tools that Anthropic would run are named by their type, since they have no effect here. */
function noted(given: object, { tools }: MessageBody): NotedParams {
  const { ignoredParams, emulatedParams } = noteParams(given, PARAMS);
  const hosted = (tools ?? []).flatMap((tool) => (isOwn(tool) ? [] : [tool.type]));
  return { ignoredParams: listedNames([...ignoredParams, ...hosted]), emulatedParams };
}
