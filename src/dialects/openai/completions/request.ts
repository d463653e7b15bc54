import { GatewayError } from "../../../errors.ts";
import type { Ask } from "../../../turn/ask.ts";
import { COMPLETION_EMULATED, COMPLETION_IGNORED, COMPLETION_REFUSED, completionBody } from "./schema.ts";
import type { ModelRequest, ParseContext } from "../../dialect.ts";
import { checked, noteParams, unsupportedParam, type ParamGroups } from "../../parameters.ts";
import { stopSequences } from "../../../turn/stop-sequences.ts";
import { asksSomething, refuseManyAnswers } from "../chat/request.ts";

/** A legacy completion request, checked. Each prompt is a conversation of its own. */
export interface CompletionRequest extends ModelRequest {
  /** Whether a stream ends with a chunk of token counts. */
  readonly includeUsage: boolean;
  /** What each choice begins with: its prompt if it is to be repeated, else nothing. */
  readonly openings: readonly string[];
}

const PARAMS: ParamGroups = {
  known: new Set(Object.keys(completionBody.shape)),
  ignored: COMPLETION_IGNORED,
  emulated: COMPLETION_EMULATED,
  defaults: {
    temperature: [1],
    top_p: [1],
    presence_penalty: [0],
    frequency_penalty: [0],
    best_of: [0, 1],
    echo: [false],
    n: [1],
  },
};

/** @throws GatewayError that names the offending parameter. */
export function parseCompletion(body: unknown, { maxChoices }: Pick<ParseContext, "maxChoices">): CompletionRequest {
  const { given, wanted } = checked(body, completionBody);
  const refused = COMPLETION_REFUSED.find((name) => asksSomething(wanted[name]));
  if (refused) throw unsupportedParam(refused);
  // It asks to fill in between; a chat's answer would not lead up to it.
  if (wanted.suffix) throw unsupportedParam("suffix");
  // Even 0 asks for the chosen tokens' own.
  if ((wanted.logprobs ?? undefined) !== undefined) throw unsupportedParam("logprobs");
  const prompts = [wanted.prompt].flat();
  const n = wanted.n ?? 1;
  refuseManyAnswers(n, maxChoices);
  refuseManyPrompts(prompts.length, n, maxChoices);
  const stop = stopSequences(wanted.stop, "stop");
  const [ask, ...furtherAsks] = prompts.map((text): Ask => ({
    chat: { model: wanted.model, messages: [{ role: "user", text }] },
    tools: [],
    toolChoice: "auto",
    parallelToolCalls: false,
    format: { type: "text" },
    stop,
    // OpenAI's 16 by default would cut short what clients of a chat expect whole.
    maxTokens: wanted.max_tokens ?? undefined,
  }));
  if (!ask) throw new GatewayError("empty_array", "Invalid 'prompt': empty array.", { param: "prompt" });
  return {
    ask,
    furtherAsks,
    n,
    stream: wanted.stream ?? false,
    includeUsage: wanted.stream_options?.include_usage ?? false,
    openings: prompts.flatMap((prompt) => Array.from({ length: n }, () => (wanted.echo ? prompt : ""))),
    ...noteParams(given, PARAMS),
  };
}

/** Each answer to each prompt is a turn of its own on the site. */
function refuseManyPrompts(prompts: number, n: number, maxChoices: number): void {
  if (prompts * n <= maxChoices) return;
  const most = Math.floor(maxChoices / n);
  const message = `Unsupported value: 'prompt' does not support ${prompts} prompts with 'n' of ${n} with this model. Up to ${most} are supported.`;
  throw new GatewayError("unsupported_value", message, { param: "prompt" });
}
