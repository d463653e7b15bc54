import type { ChatRequest, Message } from "../../chat.ts";
import type { AnswerPart, Ask } from "../ask.ts";
import { uncheckedReason } from "../schema/schema-checker.ts";
import type { TextPart } from "../stop-sequences.ts";
import { countTokens } from "../tokens.ts";
import { boundaryOf } from "./boundary.ts";
import { drafted, quietly } from "./draft.ts";
import { formatRules } from "./json-format.ts";
import { afterRepair } from "./last-word.ts";
import { toolRules } from "./tool-rules.ts";
import { judged } from "./verdict.ts";

/** Asks the site once. */
type AskSite = (messages: readonly Message[], maxTokens: number | undefined) => AsyncIterable<TextPart>;

/** The schemas of one request are looked at for no longer: other requests and its own answer wait meanwhile. */
const LOOK_LIMIT_MS = 2_000;

/** The caller's parameters whose schema the gateway cannot check. That part of the answer goes unchecked. */
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
    const isLate = performance.now() - startedMs > LOOK_LIMIT_MS;
    if (isLate || (await uncheckedReason(schema)) !== undefined) unchecked.push(param);
  }
  return unchecked;
}

/** The request that the site is sent first: the caller's turns, behind the rules for what is emulated. */
export function requestOf(ask: Ask): ChatRequest {
  const { chat, tools, format } = ask;
  const boundary = boundaryOf(JSON.stringify([chat.messages, tools, format]));
  return { model: chat.model, messages: [...rules(ask, boundary), ...chat.messages], boundary };
}

/** An answer with calls or in JSON from a site that knows text only. What is wrong is asked for once again. */
export async function* emulate(
  ask: Ask,
  { messages, boundary }: ChatRequest,
  askSite: AskSite,
): AsyncGenerator<AnswerPart, void, undefined> {
  const draft = yield* drafted(askSite(messages, ask.maxTokens), ask, boundary);
  const verdict = await judged(draft, ask, boundary);
  if (verdict.isRight) {
    yield* verdict.parts;
    return;
  }
  const left = ask.maxTokens && Math.max(1, ask.maxTokens - (await countTokens(draft.given)));
  const again = askSite([...messages, verdict.turn, verdict.repair], left);
  const second = await judged(await quietly(again, ask, boundary), ask, boundary);
  yield* afterRepair({ draft, verdict }, second, ask);
}

function rules(ask: Ask, boundary: string): readonly Message[] {
  const { tools, toolChoice, format } = ask;
  const mayCall = tools.length > 0;
  return [
    ...(mayCall ? [toolRules(ask, boundary)] : []),
    ...(format.type === "text" || (mayCall && toolChoice !== "auto") ? [] : [formatRules(format, { mayCall })]),
  ];
}
