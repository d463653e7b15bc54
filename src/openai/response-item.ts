import { randomBytes } from "node:crypto";

/** A piece of a conversation as the Responses API has it: given by the caller, or made by the model. */
export type Item = MessageItem | CallItem | CallOutputItem | ReasoningItem;

export type ItemStatus = "in_progress" | "completed" | "incomplete";

interface TextContent {
  readonly type: "input_text";
  readonly text: string;
}

export interface OutputText {
  readonly type: "output_text";
  readonly text: string;
  readonly annotations: readonly never[];
  readonly logprobs: readonly never[];
}

interface Refusal {
  readonly type: "refusal";
  readonly refusal: string;
}

export interface MessageItem {
  readonly id: string;
  readonly type: "message";
  readonly status: ItemStatus;
  readonly role: "system" | "developer" | "user" | "assistant";
  readonly content: readonly (TextContent | OutputText | Refusal)[];
}

interface FunctionCallItem {
  readonly id: string;
  readonly type: "function_call";
  readonly status: ItemStatus;
  readonly arguments: string;
  readonly call_id: string;
  readonly name: string;
}

interface CustomCallItem {
  readonly id: string;
  readonly type: "custom_tool_call";
  readonly status: ItemStatus;
  readonly call_id: string;
  readonly input: string;
  readonly name: string;
}

export type CallItem = FunctionCallItem | CustomCallItem;

export interface CallOutputItem {
  readonly id: string;
  readonly type: "function_call_output" | "custom_tool_call_output";
  readonly status: "completed";
  readonly call_id: string;
  readonly output: string;
}

export interface ReasoningItem {
  readonly id: string;
  readonly type: "reasoning";
  readonly summary: readonly { readonly type: "summary_text"; readonly text: string }[];
}

/** By the kind of item, as OpenAI's own begin. The id of an item that is a call is never the call's own. */
const ID_PREFIXES = {
  message: "msg",
  function_call: "fc",
  function_call_output: "fco",
  custom_tool_call: "ctc",
  custom_tool_call_output: "ctco",
  reasoning: "rs",
} as const satisfies Record<Item["type"], string>;

export function newItemId(type: Item["type"]): string {
  return `${ID_PREFIXES[type]}_${randomBytes(24).toString("hex")}`;
}

export function outputText(text: string): OutputText {
  return { type: "output_text", text, annotations: [], logprobs: [] };
}
