import { GatewayError } from "../../../errors.ts";
import { unsupportedParam } from "../../parameters.ts";
import type { ResponseBody } from "./schema.ts";
import { isFields } from "./content.ts";

/** Values of `include` that add to the output, where nothing truthful could be added. */
const REFUSED_INCLUDES: ReadonlySet<string> = new Set(["message.output_text.logprobs"]);

/** Parameters of chat completions and of other servers, and what says the same here. */
const ELSEWHERE: Readonly<Record<string, string | undefined>> = {
  response_format: "text.format",
  json_schema: "text.format",
  guided_json: "text.format",
  structured_outputs: undefined,
  guided_choice: undefined,
  guided_regex: undefined,
  guided_grammar: undefined,
  grammar: undefined,
  regex: undefined,
  ebnf: undefined,
  structural_tag: undefined,
  messages: "input",
  functions: "tools",
  function_call: "tool_choice",
  logprobs: undefined,
  audio: undefined,
};

/**
 * What would change the answer's form, or ask for what is kept elsewhere, is refused when asked for; quietly leaving
 * it out would answer wrongly.
 * @throws GatewayError `unsupported_parameter` or `unsupported_value`.
 */
export function refuseUnsupported(body: ResponseBody): void {
  for (const name of ["background", "conversation", "prompt", "top_logprobs", "moderation"] as const) {
    if (body[name]) throw unsupportedParam(name);
  }
  for (const [name, instead] of Object.entries(ELSEWHERE)) {
    if (isAsked(body[name as keyof ResponseBody])) throw movedParam(name, instead);
  }
  if (isAsked(body.n) && body.n !== 1) throw movedParam("n", undefined);
  if (isAsked(body.modalities) && JSON.stringify(body.modalities) !== '["text"]')
    throw movedParam("modalities", undefined);
  for (const [index, value] of (body.include ?? []).entries()) {
    if (!REFUSED_INCLUDES.has(value)) continue;
    const message = `Unsupported value: 'include' does not support '${value}' with this model.`;
    throw new GatewayError("unsupported_value", message, { param: `include[${index}]` });
  }
  refuseCompaction(body);
}

/** Asks for an item that stands for the conversation, in place of an answer. */
function refuseCompaction({ input }: ResponseBody): void {
  if (typeof input === "string" || !input) return;
  if (input.at(-1)?.type !== "compaction_trigger") return;
  const param = `input[${input.length - 1}].type`;
  const message = `Unsupported value: '${param}' does not support 'compaction_trigger' with this model.`;
  throw new GatewayError("unsupported_value", message, { param });
}

function isAsked(value: unknown): boolean {
  if (isFields(value) && value["type"] === "text") return false;
  return value !== undefined && value !== null && value !== false && !(Array.isArray(value) && value.length === 0);
}

function movedParam(name: string, instead: string | undefined): GatewayError {
  const hint = instead === undefined ? "" : ` Use '${instead}' instead.`;
  const message = `Unsupported parameter: '${name}' is not supported in the Responses API.${hint}`;
  return new GatewayError("unsupported_parameter", message, { param: name });
}
