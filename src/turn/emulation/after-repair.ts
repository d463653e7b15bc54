import { GatewayError } from "../../errors.ts";
import type { AnswerPart, Ask, ToolCallPart } from "../ask.ts";
import type { Draft } from "./draft.ts";
import type { CallProblem } from "./tool-calls.ts";
import { textParts, type DraftCheck, type WrongDraft } from "./draft-check.ts";

interface CheckedDraft {
  readonly draft: Draft;
  readonly check: WrongDraft;
}

/**
 * What to pass on after the second draft. Correct calls of both drafts are kept.
 * @throws GatewayError `tool_call_invalid`, `tool_call_missing` or `format_not_met` if neither draft can be used.
 */
export function afterRepair(first: CheckedDraft, second: DraftCheck, ask: Ask): readonly AnswerPart[] {
  const again = second.isRight ? second.parts.filter((part) => part.type === "tool-call") : second.calls;
  const calls = withRepaired(first.check.calls, again).slice(0, ask.parallelToolCalls ? undefined : 1);
  if (calls.length > 0) return [...proseBefore(first, second), ...calls, endOf(second)];
  const invalid = [first.check, second].flatMap((check) =>
    !check.isRight && check.fault === "call" ? check.problems.filter((problem) => isMeant(problem, ask)) : [],
  );
  if (ask.tools.length > 0 && ask.toolChoice !== "auto") {
    throw invalid.length > 0 ? callInvalid(invalid) : callMissing();
  }
  if (second.isRight) return withoutCalls(first, second.parts);
  if (first.check.fault === "bare" && second.fault === "bare") return heldText(first.draft);
  if (second.fault === "format") {
    throw new GatewayError("format_not_met", "The model did not answer in the format that was asked for.");
  }
  throw callInvalid(second.problems);
}

/** The second draft is an answer without a call. */
function withoutCalls({ draft, check }: CheckedDraft, parts: readonly AnswerPart[]): readonly AnswerPart[] {
  if (draft.given === "") return parts;
  if (check.fault === "unmarked") return heldText(draft);
  return [...textParts("\n\n"), ...parts];
}

/** The part of the first draft that was held back: it is text after all. */
function heldText({ pieces, end }: Draft): readonly AnswerPart[] {
  return [...pieces.flatMap((piece) => (piece.type === "prose" ? textParts(piece.text) : [])), end];
}

/** The second draft's prose, unless the caller already has prose of the first one. */
function proseBefore({ draft }: CheckedDraft, second: DraftCheck): readonly AnswerPart[] {
  return draft.given === "" && second.isRight ? second.parts.filter(({ type }) => type === "text-delta") : [];
}

function endOf(second: DraftCheck): AnswerPart {
  const end = second.isRight ? second.parts.at(-1) : undefined;
  return end?.type === "end" && end.finishReason !== "stop" ? end : { type: "end", finishReason: "tool_calls" };
}

/** Some models repeat the correct calls when asked for the wrong ones: each is passed on once. */
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

/** Whether the problem concerns the demanded tool. */
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
