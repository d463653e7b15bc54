import type { Message } from "../../chat.ts";
import type { Tool } from "../ask.ts";
import type { Piece } from "./answer-reader.ts";
import { callForm, EXAMPLE_JSON, EXAMPLE_TEXT } from "./call-form.ts";
import { newCallId, type CallAsk, type CallProblem } from "./tool-calls.ts";
import { shownName } from "./tool-name.ts";

/** Tells the model which tools exist and how to call them: in the form that calls in the history have. */
export function toolRules(ask: CallAsk, boundary: string): Message {
  const { tools } = ask;
  const takesText = tools.some(({ kind }) => kind === "custom");
  const takesJson = tools.some(({ kind }) => kind === "function");
  const text = [
    "You can call tools. These are all there are, as JSON:",
    JSON.stringify(tools.map((tool) => declared(tool, tools))),
    "To call a tool, write exactly this in your turn, with the tool's own name in place of NAME:",
    ...(takesJson ? [callForm(EXAMPLE_JSON, boundary)] : []),
    ...(takesText ? [callForm(EXAMPLE_TEXT, boundary)] : []),
    ...(takesJson ? ["Between the tags stands one JSON object that meets the tool's parameters."] : []),
    ...(takesText ? ["For a tool whose input is free text, the text itself stands between the tags."] : []),
    `The number ${boundary} in the tags is what makes it a call. No code fence and no other tag stands around it.`,
    ask.parallelToolCalls
      ? "Several calls in one turn stand one after the other, each in tags of its own."
      : "One turn holds at most one call.",
    "End your turn after it: the result comes in the next turn. Never write a result yourself.",
    demand(ask.toolChoice),
  ];
  return { role: "system", text: text.join("\n") };
}

/** Asks again for the wrong calls. The correct ones are kept. */
export function callRepair(problems: readonly CallProblem[], ask: CallAsk, boundary: string): Message {
  if (ask.tools.length === 0) {
    return { role: "user", text: "No tool can be called in this turn. Write your answer as text, without a call." };
  }
  const form = callForm(ask.tools.some(({ kind }) => kind === "function") ? EXAMPLE_JSON : EXAMPLE_TEXT, boundary);
  const text = [
    "Your last turn cannot be used as it is:",
    ...problems.map((problem) => `- ${problem.text}`),
    "Write each call that was wrong again, right this time, exactly in this form and with no other text:",
    form,
    ask.toolChoice === "auto" ? "If no call is needed, answer without one." : demand(ask.toolChoice),
  ];
  return { role: "user", text: text.join("\n") };
}

/** The model's draft as a message of the history. The boundary is removed, because no text may contain it. */
export function writtenTurn(pieces: readonly Piece[], textBefore: string, boundary: string): Message {
  const prose = pieces.map((piece) => (piece.type === "prose" ? piece.text : "")).join("");
  const calls = pieces.filter((piece) => piece.type === "call");
  const without = (text: string): string => text.replaceAll(boundary, "");
  return {
    role: "assistant",
    text: without(textBefore + prose),
    ...(calls.length > 0 && {
      toolCalls: calls.map(({ name, body }) => ({
        id: newCallId(),
        name: without(name ?? ""),
        arguments: without(body),
      })),
    }),
  };
}

function demand(choice: CallAsk["toolChoice"]): string {
  if (choice === "auto") return "Call a tool when it helps; otherwise answer without a call.";
  if (choice === "required") return "This turn must call a tool.";
  return `This turn must call the tool ${JSON.stringify(choice.name)} and no other.`;
}

function declared(tool: Tool, tools: readonly Tool[]): object {
  const { kind, namespace, description, parameters } = tool;
  const input = kind === "custom" ? { input: "free text" } : { parameters: parameters ?? {} };
  return { name: shownName(tool, tools), namespace, description, ...input };
}
