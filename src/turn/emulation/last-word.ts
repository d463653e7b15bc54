import { GatewayError } from "../../errors.ts";
import type { AnswerPart, Ask, ToolCallPart } from "../ask.ts";
import type { Draft } from "./draft.ts";
import type { CallProblem } from "./tool-calls.ts";
import { textParts, type DraftCheck, type WrongDraft } from "./verdict.ts";

interface Wrong {
  readonly draft: Draft;
  readonly verdict: WrongDraft;
}

/**
 * What to give after a wrong draft was asked for again. The calls that were right in either draft are kept.
 * @throws GatewayError `tool_call_invalid`, `tool_call_missing` or `format_not_met` where there is nothing to give.
 */
export function afterRepair(first: Wrong, second: DraftCheck, ask: Ask): readonly AnswerPart[] {
  const again = second.isRight ? second.parts.filter((part) => part.type === "tool-call") : second.calls;
  const calls = withRepaired(first.verdict.calls, again).slice(0, ask.parallelToolCalls ? undefined : 1);
  if (calls.length > 0) return [...proseBefore(first, second), ...calls, endOf(second)];
  const invalid = [first.verdict, second].flatMap((verdict) =>
    !verdict.isRight && verdict.fault === "call" ? verdict.problems.filter((problem) => isMeant(problem, ask)) : [],
  );
  if (ask.tools.length > 0 && ask.toolChoice !== "auto") {
    throw invalid.length > 0 ? callInvalid(invalid) : callMissing();
  }
  if (second.isRight) return withoutCalls(first, second.parts);
  if (first.verdict.fault === "bare" && second.fault === "bare") return heldText(first.draft);
  if (second.fault === "format") {
    throw new GatewayError("format_not_met", "The model did not answer in the format that was asked for.");
  }
  throw callInvalid(second.problems);
}

/** The model was asked whether it meant a call, and answered without one. */
function withoutCalls({ draft, verdict }: Wrong, parts: readonly AnswerPart[]): readonly AnswerPart[] {
  if (draft.given === "") return parts;
  if (verdict.fault === "unmarked") return heldText(draft);
  return [...textParts("\n\n"), ...parts];
}

/** The rest of the first draft, which is text after all. */
function heldText({ pieces, end }: Draft): readonly AnswerPart[] {
  return [...pieces.flatMap((piece) => (piece.type === "prose" ? textParts(piece.text) : [])), end];
}

/** Prose of the first draft is with the caller already; of the second it is given where there is none. */
function proseBefore({ draft }: Wrong, second: DraftCheck): readonly AnswerPart[] {
  return draft.given === "" && second.isRight ? second.parts.filter(({ type }) => type === "text-delta") : [];
}

function endOf(second: DraftCheck): AnswerPart {
  const end = second.isRight ? second.parts.at(-1) : undefined;
  return end?.type === "end" && end.finishReason !== "stop" ? end : { type: "end", finishReason: "tool_calls" };
}

/** Asked for the wrong calls only, some models write the right ones again too: those are not given twice. */
function withRepaired(kept: readonly ToolCallPart[], again: readonly ToolCallPart[]): readonly ToolCallPart[] {
  const rest = [...again];
  for (const call of kept) {
    const at = rest.findIndex((other) => isAlike(call, other));
    if (at >= 0) rest.splice(at, 1);
  }
  return [...kept, ...rest];
}

function isAlike(one: ToolCallPart, other: ToolCallPart): boolean {
  return one.name === other.name && one.namespace === other.namespace && one.arguments === other.arguments;
}

/** Whether the problem is that of the call which was asked for: a call of another tool is none. */
function isMeant({ toolName }: CallProblem, { toolChoice }: Ask): boolean {
  return typeof toolChoice !== "object" || toolName === undefined || toolName === toolChoice.name;
}

function callInvalid(problems: readonly CallProblem[]): GatewayError {
  const why = problems[0]?.text ?? "It cannot be read.";
  return new GatewayError("tool_call_invalid", `The model's tool call cannot be used, twice in a row. ${why}`);
}

function callMissing(): GatewayError {
  return new GatewayError("tool_call_missing", "The model did not make the tool call that was asked for.");
}
