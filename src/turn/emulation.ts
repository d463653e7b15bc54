import type { ChatRequest, Message } from "../chat.ts";
import { GatewayError } from "../errors.ts";
import type { AnswerPart, Ask } from "./ask.ts";
import { newBoundary } from "./boundary.ts";
import { turnEnd, TurnEndWatch } from "./call-text.ts";
import { CallWatch } from "./call-watch.ts";
import { checkerOf } from "./json-schema.ts";
import type { TextPart } from "./stop.ts";
import { checkerOfFormat, formatRepair, formatRules, formatted } from "./structured.ts";
import { countTokens } from "./tokens.ts";
import { readCalls, type ReadCalls } from "./tool-calls.ts";
import { callRepair, toolRules, writtenTurn } from "./tool-prompt.ts";

type End = Extract<AnswerPart, { type: "end" }>;

/** Asks the site once. */
type Turn = (messages: readonly Message[], maxTokens: number | undefined) => AsyncIterable<TextPart>;

/** An answer as the site gave it. */
interface Draft {
  /** Prose that the caller has already. */
  readonly given: string;
  readonly rest: string;
  readonly end: End;
}

/** What to give for a draft's rest, or what to tell the model. */
type Verdict =
  | { readonly isRight: true; readonly parts: readonly AnswerPart[] }
  | { readonly isRight: false; readonly turn: Message; readonly repair: Message };

/**
 * Compiles every schema, so that a bad one fails before anything is sent.
 * @throws GatewayError `invalid_schema`.
 */
export function checkSchemas({ tools, format }: Pick<Ask, "tools" | "format">): void {
  for (const { parameters, param } of tools) if (parameters) checkerOf(parameters, param ?? "tools");
  if (format.type !== "text") checkerOfFormat(format);
}

/** What is sent to the site first: the caller's turns, behind the rules for what is emulated. */
function messagesOf(ask: Ask): readonly Message[] {
  return [...rules(ask), ...ask.chat.messages];
}

/** The request that is sent to the site first. */
export function requestOf(ask: Ask): ChatRequest {
  return { model: ask.chat.model, messages: messagesOf(ask), boundary: boundaryOf(ask) };
}

/** A boundary that occurs in nothing that the caller says. */
export function boundaryOf({ chat, tools, format }: Ask): string {
  return newBoundary([JSON.stringify([chat.messages, tools, format])]);
}

/** An answer with calls or in JSON from a site that knows text only. What is wrong is asked for once again. */
export async function* emulate(ask: Ask, turn: Turn): AsyncGenerator<AnswerPart, void, undefined> {
  const messages = messagesOf(ask);
  const first = yield* drafted(turn(messages, ask.maxTokens), ask, passesProse(ask) ? new CallWatch() : undefined);
  const verdict = judged(first, ask);
  if (verdict.isRight) {
    yield* verdict.parts;
    return;
  }
  const left = ask.maxTokens && Math.max(1, ask.maxTokens - (await countTokens(first.given)));
  const repaired = judged(await quietly(turn([...messages, verdict.turn, verdict.repair], left), ask), ask);
  yield* lastWord(first, repaired, ask);
}

function rules({ tools, toolChoice, parallelToolCalls, format }: Ask): readonly Message[] {
  const mayCall = tools.length > 0;
  return [
    ...(mayCall ? [toolRules({ tools, toolChoice, parallelToolCalls })] : []),
    ...(format.type === "text" || (mayCall && toolChoice !== "auto") ? [] : [formatRules(format, { mayCall })]),
  ];
}

/** Nothing may pass that a demand could prove wrong. */
function passesProse({ toolChoice, format }: Ask): boolean {
  return toolChoice === "auto" && format.type === "text";
}

async function* drafted(
  parts: AsyncIterable<TextPart>,
  ask: Ask,
  watch: CallWatch | undefined,
): AsyncGenerator<TextPart, Draft, undefined> {
  const mayEnd = new TurnEndWatch();
  let given = "";
  let whole = "";
  for await (const part of parts) {
    if (part.type === "end") return { given, rest: watch?.held ?? whole, end: part };
    if (part.type === "reasoning-delta") {
      yield part;
      continue;
    }
    if (watch) {
      const prose = watch.push(part.text);
      given += prose;
      if (prose !== "") yield { type: "text-delta", text: prose };
    } else {
      whole += part.text;
    }
    if (ask.tools.length === 0 || !mayEnd.with(part.text)) continue;
    const rest = watch?.held ?? whole;
    const end = turnEnd(rest, !ask.parallelToolCalls);
    if (end !== undefined) return { given, rest: rest.slice(0, end), end: { type: "end", finishReason: "stop" } };
  }
  throw new GatewayError("reply_cut", "The answer ended before it was complete.");
}

/** The caller has not seen what was wrong, so what the model thinks about it is not for the caller. */
async function quietly(parts: AsyncIterable<TextPart>, ask: Ask): Promise<Draft> {
  const draft = drafted(parts, ask, undefined);
  for (;;) {
    const step = await draft.next();
    if (step.done) return step.value;
  }
}

function judged(draft: Draft, ask: Ask): Verdict {
  const { given, rest, end } = draft;
  const calls = ask.tools.length > 0 ? readCalls(rest, ask) : undefined;
  if (calls) return judgedCalls(calls, draft, ask);
  const turn: Message = { role: "assistant", text: given + rest };
  const isWhole = end.finishReason === "stop";
  if (ask.tools.length > 0 && ask.toolChoice !== "auto" && isWhole) {
    return { isRight: false, turn, repair: callRepair(["It has no tool call."], ask) };
  }
  if (ask.format.type === "text" || !isWhole) return { isRight: true, parts: [...textParts(rest), end] };
  const found = formatted(rest, ask.format);
  if ("json" in found) return { isRight: true, parts: [...textParts(found.json), end] };
  return { isRight: false, turn, repair: formatRepair(found.problems, ask.format) };
}

function judgedCalls(calls: ReadCalls, { given, rest, end }: Draft, ask: Ask): Verdict {
  const { pieces, problems, written } = calls;
  // Prose beside a call is not what the format asks for.
  const parts = pieces.flatMap((piece) => {
    if (piece.type === "tool-call") return [piece];
    return ask.format.type === "text" ? textParts(piece.text) : [];
  });
  const isLimited = end.finishReason !== "stop";
  const isStopped = end.stopSequence !== undefined && ask.toolChoice === "auto";
  if (calls.isCut && (isLimited || isStopped)) {
    return { isRight: true, parts: [...parts.filter(({ type }) => type !== "tool-call"), end] };
  }
  if (problems.length === 0) {
    return { isRight: true, parts: [...parts, isLimited ? end : { type: "end", finishReason: "tool_calls" }] };
  }
  if (isLimited) return { isRight: true, parts: [...textParts(rest), end] };
  return { isRight: false, turn: writtenTurn(written, given), repair: callRepair(problems, ask) };
}

/** What follows the first draft after it was asked for again. */
function lastWord(first: Draft, repaired: Verdict, ask: Ask): readonly AnswerPart[] {
  if (repaired.isRight) {
    if (first.given === "") return repaired.parts;
    // The caller has the prose; only what it lacks is added.
    const lacking = repaired.parts.filter(({ type }) => type !== "text-delta");
    const end = lacking.at(-1);
    if (lacking.length > 1 || (end?.type === "end" && end.finishReason !== "stop")) return lacking;
  }
  if (ask.tools.length > 0 && ask.toolChoice !== "auto") {
    throw new GatewayError("tool_call_missing", "The model did not make the tool call that was asked for.");
  }
  if (ask.format.type !== "text") {
    throw new GatewayError("format_not_met", "The model did not answer in the format that was asked for.");
  }
  return [...textParts(first.rest), { type: "end", finishReason: "stop" }];
}

function textParts(text: string): AnswerPart[] {
  return text === "" ? [] : [{ type: "text-delta", text }];
}
