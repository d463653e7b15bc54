import { GatewayError } from "../errors.ts";
import type { Ask } from "../turn/ask.ts";
import { errorOfIssue } from "./issue.ts";
import { toMessages } from "./messages.ts";
import { chatCompletionBody, IGNORED_PARAMS, KNOWN_PARAMS, type ChatCompletionBody } from "./schema.ts";

/** A chat completion request, checked: what to ask, and how the caller wants the answer. */
export interface ChatCompletionRequest {
  readonly ask: Ask;
  readonly n: number;
  readonly stream: boolean;
  /** Whether a stream ends with a chunk of token counts. */
  readonly includeUsage: boolean;
  /** Names of parameters that were given and have no effect. */
  readonly ignoredParams: readonly string[];
  readonly emulatedParams: readonly string[];
}

/** Saying the default aloud asks for nothing. */
const DEFAULTS: Readonly<Record<string, readonly unknown[]>> = {
  temperature: [1],
  top_p: [1],
  presence_penalty: [0],
  frequency_penalty: [0],
  store: [false],
  service_tier: ["auto", "default"],
  verbosity: ["medium"],
  parallel_tool_calls: [true],
};

/** Names that fit into a header, and no more of them than a header should hold. */
const LISTED_NAME = /^[a-z]\w{0,39}$/i;
const MAX_LISTED_NAMES = 32;

/** @throws GatewayError that names the offending parameter. */
export function parseChatCompletion(body: unknown, models: readonly string[]): ChatCompletionRequest {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new GatewayError("invalid_json", "The request body must be a JSON object.");
  }
  const parsed = chatCompletionBody.safeParse(body, { reportInput: true });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw issue ? errorOfIssue(issue) : new GatewayError("bad_request", "The request body is not valid.");
  }
  const wanted = parsed.data;
  refuseUnsupported(wanted);
  const messages = toMessages(wanted.messages);
  if (!models.includes(wanted.model)) throw modelNotFound(wanted.model);
  return {
    ask: {
      chat: { model: wanted.model, messages },
      tools: [],
      toolChoice: "auto",
      parallelToolCalls: wanted.parallel_tool_calls ?? true,
      format: { type: "text" },
      stop: [wanted.stop ?? []].flat().filter((stop) => stop !== ""),
      maxTokens: undefined,
    },
    n: wanted.n ?? 1,
    stream: wanted.stream ?? false,
    includeUsage: wanted.stream_options?.include_usage ?? false,
    ignoredParams: ignoredParams(body),
    emulatedParams: [],
  };
}

export function modelNotFound(model: string): GatewayError {
  const message = `The model '${model.slice(0, 128)}' does not exist or you do not have access to it.`;
  return new GatewayError("model_not_found", message, { param: "model" });
}

/** What would change the answer's form is refused when asked for; quietly leaving it out would break the caller. */
function refuseUnsupported(body: ChatCompletionBody): void {
  if (body.tools?.length && body.tool_choice !== "none") throw unsupported("tools");
  if (body.functions?.length && body.function_call !== "none") throw unsupported("functions");
  if (body.response_format && body.response_format.type !== "text") throw unsupported("response_format");
  if (body.logprobs) throw unsupported("logprobs");
  if (body.top_logprobs) throw unsupported("top_logprobs");
  if (body.audio) throw unsupported("audio");
  if (body.modalities?.includes("audio")) {
    const message = "Unsupported value: 'modalities' does not support 'audio' with this model.";
    throw new GatewayError("unsupported_value", message, { param: "modalities" });
  }
  if ((body.n ?? 1) > 1) {
    const message = `Unsupported value: 'n' does not support ${body.n} with this model. Only the default (1) value is supported.`;
    throw new GatewayError("unsupported_value", message, { param: "n" });
  }
}

function unsupported(param: string): GatewayError {
  const message = `Unsupported parameter: '${param}' is not supported with this model.`;
  return new GatewayError("unsupported_parameter", message, { param });
}

function ignoredParams(body: object): string[] {
  return Object.entries(body)
    .filter(([name, value]) => (IGNORED_PARAMS.has(name) || !KNOWN_PARAMS.has(name) ? !isDefault(name, value) : false))
    .map(([name]) => name)
    .filter((name) => LISTED_NAME.test(name))
    .slice(0, MAX_LISTED_NAMES);
}

function isDefault(name: string, value: unknown): boolean {
  if (value === null || DEFAULTS[name]?.includes(value)) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}
