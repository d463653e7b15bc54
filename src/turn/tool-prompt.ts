import type { Message } from "../chat.ts";
import type { Ask, Tool } from "./ask.ts";
import type { Piece } from "./call-text.ts";
import { newCallId } from "./tool-calls.ts";

type CallAsk = Pick<Ask, "tools" | "toolChoice" | "parallelToolCalls">;

const CALL = '<tool_call name="NAME">{"argument": "value"}</tool_call>';
const CUSTOM_CALL = '<tool_call name="NAME">the text as it is</tool_call>';

/** Tells the model which tools there are and the one way to call them, the same as in the turns before. */
export function toolRules(ask: CallAsk): Message {
  const { tools } = ask;
  const takesText = tools.some(({ kind }) => kind === "custom");
  const takesJson = tools.some(({ kind }) => kind === "function");
  const text = [
    "You can call tools. These are all there are, as JSON:",
    JSON.stringify(tools.map(declared)),
    "To call a tool, write exactly this in your turn, with the tool's own name:",
    ...(takesJson ? [CALL] : []),
    ...(takesText ? [CUSTOM_CALL] : []),
    ...(takesJson ? ["Between the tags stands one JSON object that meets the tool's parameters."] : []),
    ...(takesText ? ["For a tool whose input is free text, the text itself stands between the tags."] : []),
    "No code fence and no other tag stands around a call; its own tags are always written.",
    ask.parallelToolCalls
      ? "Several calls in one turn stand one after the other, each in tags of its own."
      : "One turn holds at most one call.",
    "End your turn after it: the result comes in the next turn. Never write a result yourself.",
    demand(ask.toolChoice),
  ];
  return { role: "system", text: text.join("\n") };
}

/** Asks for the turn again. */
export function callRepair(problems: readonly string[], ask: CallAsk): Message {
  const again = ask.parallelToolCalls ? "Write that turn's calls again, all of them" : "Write the call again";
  const text = [
    "Your last turn cannot be used:",
    ...problems.map((problem) => `- ${problem}`),
    // A tag written here would be taken for a forgery.
    `${again}, right this time, in the tags that the rules at the top show, and with no other text.`,
    ask.toolChoice === "auto" ? "If no call is needed, answer without one." : demand(ask.toolChoice),
  ];
  return { role: "user", text: text.join("\n") };
}

/** What the model wrote, as the turn that it was: a call that stands in its text would be taken for a forgery. */
export function writtenTurn(pieces: readonly Piece[], textBefore: string): Message {
  const prose = pieces.map((piece) => (piece.type === "prose" ? piece.text : "")).join("");
  const calls = pieces.filter((piece) => piece.type === "call");
  return {
    role: "assistant",
    text: textBefore + prose,
    toolCalls: calls.map(({ name, body }) => ({ id: newCallId(), name: name ?? "", arguments: body })),
  };
}

function demand(choice: Ask["toolChoice"]): string {
  if (choice === "auto") return "Call a tool when it helps; otherwise answer without a call.";
  if (choice === "required") return "This turn must call a tool.";
  return `This turn must call the tool ${JSON.stringify(choice.name)} and no other.`;
}

function declared({ kind, name, description, parameters }: Tool): object {
  return { name, description, ...(kind === "custom" ? { input: "free text" } : { parameters: parameters ?? {} }) };
}
