import { GatewayError } from "../../../errors.ts";
import type { Message } from "../../../chat.ts";
import { wordsOf } from "../../../turn/block-words.ts";
import type { ModelRequest, ParseContext } from "../../dialect.ts";
import { asChatBody } from "./body.ts";
import { toMessages } from "./messages.ts";
import { checked, listedNames, noteParams, unsupportedParam, type ParamGroups } from "../../parameters.ts";
import { stopSequences } from "../../../turn/stop-sequences.ts";
import {
  chatCompletionBody,
  EMULATED_PARAMS,
  IGNORED_PARAMS,
  KNOWN_PARAMS,
  REFUSED_PARAMS,
  type ChatCompletionBody,
} from "./schema.ts";
import { toFormat, toToolAsk, usesFunctions } from "./tools.ts";

/** A chat completion request, checked: what to ask, and how the caller wants the answer. */
export interface ChatCompletionRequest extends ModelRequest {
  /** Whether a stream ends with a chunk of token counts. */
  readonly includeUsage: boolean;
  /** Calls are told in the older form, as they were asked for. */
  readonly usesFunctions: boolean;
}

const PARAMS: ParamGroups = {
  known: KNOWN_PARAMS,
  ignored: IGNORED_PARAMS,
  emulated: EMULATED_PARAMS,
  defaults: {
    temperature: [1],
    top_p: [1],
    presence_penalty: [0],
    frequency_penalty: [0],
    store: [false],
    service_tier: ["auto", "default"],
    verbosity: ["medium"],
    parallel_tool_calls: [true],
    tool_choice: ["auto", "none"],
    function_call: ["auto", "none"],
    n: [1],
  },
};

/** @throws GatewayError that names the offending parameter. */
export function parseChatCompletion(
  body: unknown,
  { maxChoices }: Pick<ParseContext, "maxChoices">,
): ChatCompletionRequest {
  const { body: shaped, schemaParam } = asChatBody(body);
  const { wanted } = checked(shaped, chatCompletionBody);
  refuseUnsupported(wanted, maxChoices);
  const { messages, leftOut } = toMessages(wanted.messages);
  const { hosted, ...tools } = toToolAsk(wanted);
  const { ignoredParams, emulatedParams } = noteParams(Object(body) as object, PARAMS);
  return {
    ask: {
      chat: { model: wanted.model, messages: [...rulesOf(wanted), ...messages] },
      ...tools,
      format: toFormat(wanted.response_format, schemaParam),
      stop: stopSequences(wanted.stop, "stop"),
      maxTokens: wanted.max_completion_tokens ?? wanted.max_tokens ?? undefined,
    },
    n: wanted.n ?? 1,
    stream: wanted.stream ?? false,
    includeUsage: wanted.stream_options?.include_usage ?? false,
    usesFunctions: usesFunctions(wanted),
    ignoredParams: listedNames([...ignoredParams, ...hosted, ...leftOut]),
    emulatedParams,
  };
}

/** What the system says outside of the turns, in bodies of the Responses and the Messages API. */
function rulesOf({ instructions, system }: ChatCompletionBody): Message[] {
  return [instructions, system].flatMap((said) => {
    const text = wordsOf(said);
    return text === undefined ? [] : [{ role: "system", text } as const];
  });
}

/** What would change the answer's form is refused when asked for; quietly leaving it out would break the caller. */
function refuseUnsupported(body: ChatCompletionBody, maxChoices: number): void {
  const refused = REFUSED_PARAMS.find((name) => asksSomething(body[name]));
  if (refused) throw unsupportedParam(refused);
  // A schema as text was not read with the body's limits.
  const asText = (["guided_json", "json_schema"] as const).find((name) => typeof body[name] === "string" && body[name]);
  if (asText) throw unsupportedParam(asText);
  const { json, ...others } = Object(body.structured_outputs) as Readonly<Record<string, unknown>>;
  const isOther = typeof json !== "object" && Object.values({ json, ...others }).some(asksSomething);
  if (isOther) throw unsupportedParam("structured_outputs");
  if (body.logprobs) throw unsupportedParam("logprobs");
  if (body.top_logprobs) throw unsupportedParam("top_logprobs");
  if (body.audio) throw unsupportedParam("audio");
  if (body.modalities?.includes("audio")) {
    const message = "Unsupported value: 'modalities' does not support 'audio' with this model.";
    throw new GatewayError("unsupported_value", message, { param: "modalities" });
  }
  refuseManyAnswers(body.n ?? 1, maxChoices);
}

/** Clients send empty values for what they do not want, and `{"type":"text"}` is what comes anyway. */
export function asksSomething(value: unknown): boolean {
  const isText = Reflect.get(Object(value), "type") === "text";
  return Boolean(value) && !isText && !(Array.isArray(value) && value.length === 0);
}

export function refuseManyAnswers(n: number, maxChoices: number): void {
  if (n <= maxChoices) return;
  const message = `Unsupported value: 'n' does not support ${n} with this model. Values up to ${maxChoices} are supported.`;
  throw new GatewayError("unsupported_value", message, { param: "n" });
}
