import type { Message } from "../../chat.ts";
import type { AnswerPart, Ask, ToolCallPart } from "../ask.ts";
import type { Draft } from "./draft.ts";
import { formatRepair, formatted } from "./json-format.ts";
import { readCalls, type CallProblem, type ReadCalls } from "./tool-calls.ts";
import { callRepair, writtenTurn } from "./tool-rules.ts";
import { bareCalls } from "./wrapped-call.ts";

/** What to pass on of a draft, or what is wrong with it. */
export type DraftCheck = { readonly isRight: true; readonly parts: readonly AnswerPart[] } | WrongDraft;

export interface WrongDraft {
  readonly isRight: false;
  /**
   * call: a call cannot be used · no-call: a demanded call is missing · unmarked: a call lacks the boundary ·
   * bare: the answer is the JSON of a call and nothing else · format: it is not the JSON that the request demands
   */
  readonly fault: "call" | "no-call" | "unmarked" | "bare" | "format";
  readonly problems: readonly CallProblem[];
  /** The correct calls. */
  readonly calls: readonly ToolCallPart[];
  /** The draft as a message of the assistant, and the message that asks for it again. */
  readonly turn: Message;
  readonly repair: Message;
}

/** Decides what to pass on of a draft, or what to ask for again. */
export async function checkDraft(draft: Draft, ask: Ask, boundary: string): Promise<DraftCheck> {
  const { given, pieces, end, hasUnmarkedCall } = draft;
  const text = pieces.map((piece) => (piece.type === "prose" ? piece.text : "")).join("");
  const hasCall = pieces.some(({ type }) => type === "call");
  const bare = hasCall || ask.tools.length === 0 ? [] : bareCalls(text, ask.tools);
  const mustCall = ask.tools.length > 0 && ask.toolChoice !== "auto";
  const isWhole = end.finishReason === "stop" && (end.stopSequence === undefined || mustCall);
  const calls = await readCalls(mustCall && bare.length > 0 ? bare : pieces, ask, isWhole);
  if (calls) return checkCalls(calls, draft, ask, boundary);

  const turn = writtenTurn(pieces, given, boundary);
  const wrong = (fault: WrongDraft["fault"], problem: string): WrongDraft => {
    const problems = [{ text: problem }];
    return { isRight: false, fault, problems, calls: [], turn, repair: callRepair(problems, ask, boundary) };
  };
  const isStopped = end.finishReason === "stop";
  if (isStopped && mustCall) return wrong(hasUnmarkedCall ? "unmarked" : "no-call", NO_CALL);
  if (isStopped && hasUnmarkedCall) return wrong("unmarked", UNMARKED);
  if (isStopped && ask.format.type !== "text") {
    const found = await formatted(text, ask.format);
    if ("json" in found) return { isRight: true, parts: [...textParts(found.json), end] };
    // The caller's stop sequence cut it, as a limit would.
    if (end.stopSequence !== undefined) return { isRight: true, parts: [...textParts(text), end] };
    const problems = found.problems.map((problem) => ({ text: problem }));
    return { isRight: false, fault: "format", problems, calls: [], turn, repair: formatRepair(problems, ask.format) };
  }
  const isQuoted = text.trimStart().startsWith("`");
  if (isStopped && bare.length > 0 && given === "" && !isQuoted) return wrong("bare", UNMARKED);
  return { isRight: true, parts: [...textParts(text), end] };
}

const NO_CALL = "It has no tool call in the tags that the rules show.";
const UNMARKED =
  "What looks like a tool call lacks the number in its tags, or the tags have another form, so it is text.";

function checkCalls(calls: ReadCalls, { given, end, hasUnmarkedCall }: Draft, ask: Ask, boundary: string): DraftCheck {
  const problems = [...calls.problems, ...(hasUnmarkedCall ? [{ text: UNMARKED }] : [])];
  // If the request demands JSON, prose beside a call is left out.
  const parts = calls.pieces.flatMap((piece) => {
    if (piece.type === "tool-call") return [piece];
    return ask.format.type === "text" ? textParts(piece.text) : [];
  });
  if (end.finishReason !== "stop" || calls.isCut) return { isRight: true, parts: [...parts, end] };
  if (problems.length === 0) {
    return { isRight: true, parts: [...parts, { type: "end", finishReason: "tool_calls" }] };
  }
  // Without tools, a wrong call is not worth a second turn if there is an answer beside it.
  if (ask.tools.length === 0 && (given !== "" || parts.length > 0)) return { isRight: true, parts: [...parts, end] };
  return {
    isRight: false,
    fault: "call",
    problems,
    calls: parts.filter((part) => part.type === "tool-call"),
    turn: writtenTurn(calls.written, given, boundary),
    repair: callRepair(problems, ask, boundary),
  };
}

export function textParts(text: string): AnswerPart[] {
  return text === "" ? [] : [{ type: "text-delta", text }];
}
