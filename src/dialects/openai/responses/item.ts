import { randomBytes } from "node:crypto";

/**
 * A piece of a conversation as the Responses API has it: given by the caller, or made by the model. The API gets new
 * types all the time and clients send back every one that they were given, so any type is an item.
 */
export interface Item {
  readonly id: string;
  readonly type: string;
  readonly [field: string]: unknown;
}

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

/** A part that holds no text, of which its type is kept. */
interface UnreadPart {
  readonly type: string;
}

export interface MessageItem extends Item {
  readonly type: "message";
  readonly status: ItemStatus;
  /** `system`, `developer`, `user`, `assistant`, or one that is not known yet. */
  readonly role: string;
  readonly content: readonly (TextContent | OutputText | Refusal | UnreadPart)[];
}

/** A call in the form that its tool's type has, see `responses/call-form.ts`. */
export interface CallItem extends Item {
  readonly status: ItemStatus;
  readonly call_id: string;
}

export interface ReasoningItem extends Item {
  readonly type: "reasoning";
  readonly summary: readonly { readonly type: "summary_text"; readonly text: string }[];
}

/** By the kind of item, as OpenAI's own begin. The id of an item that is a call is never the call's own. */
const ID_PREFIXES: Readonly<Record<string, string>> = {
  message: "msg",
  function_call: "fc",
  function_call_output: "fco",
  custom_tool_call: "ctc",
  custom_tool_call_output: "ctco",
  local_shell_call: "lsh",
  local_shell_call_output: "lsho",
  shell_call: "sh",
  shell_call_output: "sho",
  apply_patch_call: "apc",
  apply_patch_call_output: "apco",
  computer_call: "cu",
  computer_call_output: "cuo",
  tool_search_call: "tsc",
  tool_search_output: "tso",
  additional_tools: "at",
  reasoning: "rs",
};

export function newItemId(type: string): string {
  const prefix = Object.hasOwn(ID_PREFIXES, type) ? ID_PREFIXES[type] : "item";
  return `${prefix}_${randomBytes(24).toString("hex")}`;
}

export function outputText(text: string): OutputText {
  return { type: "output_text", text, annotations: [], logprobs: [] };
}
