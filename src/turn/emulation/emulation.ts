import type { ChatRequest, Message } from "../../chat.ts";
import type { AnswerPart, Ask } from "../ask.ts";
import { uncheckedReason } from "../schema/schema-checker.ts";
import type { TextPart } from "../stop-sequences.ts";
import { countTokens } from "../tokens.ts";
import { afterRepair } from "./after-repair.ts";
import { boundaryOf } from "./boundary.ts";
import { readDraft, readRepair } from "./draft.ts";
import { checkDraft } from "./draft-check.ts";
import { formatRules } from "./json-format.ts";
import { toolRules } from "./tool-rules.ts";

/** Asks the site once. */
type AskSite = (messages: readonly Message[], maxTokens: number | undefined) => AsyncIterable<TextPart>;

/** Time limit for all schemas of a request: its answer and other requests wait meanwhile. */
const SCHEMAS_LIMIT_MS = 2_000;

/** The parameters whose schema the gateway cannot check. The part of the answer that they describe stays unchecked. */
export async function uncheckedParams({ tools, format }: Pick<Ask, "tools" | "format">): Promise<readonly string[]> {
  const checked = tools.map(({ isStrict, parameters, param }) => ({
    schema: isStrict ? parameters : undefined,
    param,
  }));
  if (format.type === "json_schema") checked.push({ schema: format.schema, param: format.param ?? "format" });
  const unchecked: string[] = [];
  const startedMs = performance.now();
  for (const { schema, param = "tools" } of checked) {
    if (!schema) continue;
    const isLate = performance.now() - startedMs > SCHEMAS_LIMIT_MS;
    if (isLate || (await uncheckedReason(schema)) !== undefined) unchecked.push(param);
  }
  return unchecked;
}

/** The first request to the site: rules for what is emulated, then the caller's messages. */
export function requestOf(ask: Ask): ChatRequest {
  const { chat, tools, format } = ask;
  const boundary = boundaryOf(JSON.stringify([chat.messages, tools, format]));
  return { model: chat.model, messages: [...rules(ask, boundary), ...chat.messages], boundary };
}

/** Gets an answer with tool calls or in JSON from a site that knows text only. Asks once more for what is wrong. */
export async function* emulate(
  ask: Ask,
  { messages, boundary }: ChatRequest,
  askSite: AskSite,
): AsyncGenerator<AnswerPart, void, undefined> {
  const draft = yield* readDraft(askSite(messages, ask.maxTokens), ask, boundary);
  const check = await checkDraft(draft, ask, boundary);
  if (check.isRight) {
    yield* check.parts;
    return;
  }
  const left = ask.maxTokens && Math.max(1, ask.maxTokens - (await countTokens(draft.given)));
  const again = askSite([...messages, check.turn, check.repair], left);
  const second = await checkDraft(await readRepair(again, ask, boundary), ask, boundary);
  yield* afterRepair({ draft, check }, second, ask);
}

function rules(ask: Ask, boundary: string): readonly Message[] {
  const { tools, toolChoice, format } = ask;
  const mayCall = tools.length > 0;
  return [
    ...(mayCall ? [toolRules(ask, boundary)] : []),
    ...(format.type === "text" || (mayCall && toolChoice !== "auto") ? [] : [formatRules(format, { mayCall })]),
  ];
}
