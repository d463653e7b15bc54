import type { ToolCallPart } from "../../../turn/ask.ts";
import { exactJson } from "../../../turn/exact-json.ts";
import { pieces } from "../../../turn/pieces.ts";
import { newItemId, type CallItem, type ItemStatus } from "./item.ts";
import { isFields } from "./content.ts";

/** The type of item that a call of a tool comes back as. */
export type CallForm =
  | "function_call"
  | "custom_tool_call"
  | "local_shell_call"
  | "shell_call"
  | "apply_patch_call"
  | "computer_call"
  | "tool_search_call";

/** A call as its caller sees it: the item when it opens and when it is whole, and the events between. */
export interface WireCall {
  readonly opened: CallItem;
  readonly events: readonly CallEvent[];
  readonly done: CallItem;
}

export interface CallEvent extends Readonly<Record<string, unknown>> {
  readonly type: string;
}

/** The fields that are a form's own; undefined where the arguments do not fit into it. */
type OwnFields = (given: Readonly<Record<string, unknown>>, status: ItemStatus) => object | undefined;

const OWN_FIELDS: Readonly<Record<Exclude<CallForm, "function_call" | "custom_tool_call">, OwnFields>> = {
  local_shell_call: ({ command, timeout_ms, working_directory, env, user }) =>
    isTexts(command)
      ? { action: { type: "exec", command, env: env ?? {}, ...given({ timeout_ms, working_directory, user }) } }
      : undefined,
  shell_call: ({ commands, timeout_ms, max_output_length }, status) =>
    isTexts(commands)
      ? {
          action: {
            commands: status === "in_progress" ? [] : commands,
            timeout_ms: timeout_ms ?? null,
            max_output_length: max_output_length ?? null,
          },
          environment: { type: "local" },
        }
      : undefined,
  apply_patch_call: ({ operation }) => (isFields(operation) ? { operation } : undefined),
  computer_call: ({ action, actions }) =>
    isFields(action) || Array.isArray(actions)
      ? { ...given({ action, actions }), pending_safety_checks: [] }
      : undefined,
  tool_search_call: (fields) => ({ execution: "client", arguments: fields }),
};

export function toWireCall(call: ToolCallPart, form: CallForm): WireCall {
  if (form === "custom_tool_call") return customCall(call);
  return (form === "function_call" ? undefined : builtInCall(call, form)) ?? functionCall(call);
}

function functionCall(call: ToolCallPart): WireCall {
  const { name, arguments: text } = call;
  const item = (status: ItemStatus, shown: string): CallItem => {
    return { ...base(id, "function_call", status, call), arguments: shown, ...nameOf(call) };
  };
  const id = newItemId("function_call");
  const where = { item_id: id };
  const deltas = deltasOf(text, { type: "response.function_call_arguments.delta", ...where });
  const done = { type: "response.function_call_arguments.done", ...where, name, arguments: text };
  return {
    opened: item("in_progress", ""),
    events: [...deltas, done],
    done: item("completed", text),
  };
}

function customCall(call: ToolCallPart): WireCall {
  const { arguments: text } = call;
  const id = newItemId("custom_tool_call");
  const where = { item_id: id };
  const item = (status: ItemStatus, input: string): CallItem => {
    return { ...base(id, "custom_tool_call", status, call), input, ...nameOf(call) };
  };
  const deltas = deltasOf(text, { type: "response.custom_tool_call_input.delta", ...where });
  const done = { type: "response.custom_tool_call_input.done", ...where, input: text };
  return {
    opened: item("in_progress", ""),
    events: [...deltas, done],
    done: item("completed", text),
  };
}

function builtInCall(call: ToolCallPart, form: keyof typeof OWN_FIELDS): WireCall | undefined {
  const fields = parsed(call.arguments);
  const id = newItemId(form);
  const item = (status: ItemStatus): CallItem | undefined => {
    const own = fields && OWN_FIELDS[form](fields, status);
    return own && { ...base(id, form, status, call), ...own };
  };
  const [opened, done] = [item("in_progress"), item("completed")];
  if (!opened || !done) return undefined;
  return { opened, events: form === "shell_call" ? shellEvents(fields?.["commands"]) : [], done };
}

/** These events carry no item id. */
function shellEvents(commands: unknown): readonly CallEvent[] {
  if (!isTexts(commands)) return [];
  return commands.flatMap((command, index) => {
    const at = (step: string) => ({ type: `response.shell_call_command.${step}`, command_index: index });
    return [{ ...at("added"), command: "" }, ...deltasOf(command, at("delta")), { ...at("done"), command }];
  });
}

function deltasOf(text: string, event: CallEvent): readonly CallEvent[] {
  return text === "" ? [] : [...pieces(text)].map((delta) => ({ ...event, delta }));
}

function base(id: string, type: CallForm, status: ItemStatus, call: ToolCallPart): CallItem {
  return { id, type, status, call_id: call.id };
}

function nameOf({ name, namespace }: ToolCallPart): object {
  return { name, ...(namespace !== undefined && { namespace }) };
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = exactJson(text);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

/** Without those that were not given. */
function given(fields: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null));
}
