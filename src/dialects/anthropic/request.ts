import { GatewayError } from "../../errors.ts";
import type { Ask, Format } from "../../turn/ask.ts";
import type { ModelRequest, ParseContext } from "../dialect.ts";
import { checked, listedNames, noteParams, type NotedParams, type ParamGroups } from "../parameters.ts";
import { stopSequences } from "../../turn/stop-sequences.ts";
import { countBody, messageBody, MESSAGE_EMULATED, MESSAGE_IGNORED, type MessageBody } from "./schema.ts";
import { toolInputsOf } from "./tool-inputs.ts";
import { toToolChoice, toTools } from "./tools.ts";
import { toMessages } from "./turns.ts";

/** A request for a message, checked. */
export interface MessageRequest extends ModelRequest {
  readonly n: 1;
}

type Context = Pick<ParseContext, "bodyText">;

const PARAMS: ParamGroups = {
  known: new Set(Object.keys(messageBody.shape)),
  ignored: MESSAGE_IGNORED,
  // It holds both what is imitated and what is not.
  emulated: MESSAGE_EMULATED.difference(new Set(["output_config"])),
  defaults: { temperature: [1], top_p: [1], service_tier: ["auto"], speed: ["standard"] },
};

/** @throws GatewayError that names the offending parameter. */
export function parseMessageRequest(body: unknown, { bodyText }: Context): MessageRequest {
  const { given, wanted } = checked(body, messageBody);
  const { ask, leftOut } = toAsk(wanted, bodyText);
  return { ask, n: 1, stream: wanted.stream ?? false, ...noted(given, wanted, leftOut) };
}

/** A question whose tokens are to be counted. @throws GatewayError that names the offending parameter. */
export function parseCountRequest(body: unknown, { bodyText }: Context): Ask {
  return toAsk(checked(body, countBody).wanted, bodyText).ask;
}

function toAsk(body: MessageBody, bodyText: string): { readonly ask: Ask; readonly leftOut: readonly string[] } {
  if (body.thread?.["type"] === "continue") throw threadNotFound();
  const { messages, leftOut } = toMessages(body, hasCalls(body) ? toolInputsOf(bodyText) : []);
  const choice = body.tool_choice;
  const { tools, hosted } = toTools(body);
  const ask: Ask = {
    chat: { model: body.model, messages },
    tools: choice?.type === "none" ? [] : tools,
    toolChoice: toToolChoice(choice, tools),
    parallelToolCalls: !(choice && "disable_parallel_tool_use" in choice && choice.disable_parallel_tool_use),
    format: toFormat(body),
    stop: stopSequences(body.stop_sequences, "stop_sequences"),
    maxTokens: body.max_tokens ?? undefined,
  };
  return { ask, leftOut: [...hosted, ...leftOut] };
}

/** The turns before would be missing. Anthropic's SDK sends them all where a thread is not found. */
function threadNotFound(): GatewayError {
  const message = "No thread is kept here: send the whole conversation in 'messages'.";
  return new GatewayError("previous_response_not_found", message, { param: "thread.previous_message_id" });
}

function hasCalls({ messages }: MessageBody): boolean {
  return messages.some(({ content }) => Array.isArray(content) && content.some(({ type }) => type === "tool_use"));
}

function toFormat({ output_config: config, output_format: older }: MessageBody): Format {
  const schema = (config?.format ?? older)?.schema;
  if (!schema) return { type: "text" };
  const param = config?.format ? "output_config.format.schema" : "output_format.schema";
  return { type: "json_schema", name: "output", schema, param };
}

function noted(given: object, { output_config: config }: MessageBody, leftOut: readonly string[]): NotedParams {
  const { ignoredParams, emulatedParams } = noteParams(given, PARAMS);
  const { format, ...others } = config ?? {};
  const settings = Object.entries(others).filter(([, value]) => value !== null && value !== undefined);
  return {
    ignoredParams: listedNames([...ignoredParams, ...settings.map(([name]) => `output_config.${name}`), ...leftOut]),
    emulatedParams: format ? [...emulatedParams, "output_config.format"] : emulatedParams,
  };
}
