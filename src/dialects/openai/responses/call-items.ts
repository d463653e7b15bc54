import type { ToolCall } from "../../../chat.ts";
import type { Item } from "./item.ts";
import { isFields, readText, textField, type ReadText } from "./content.ts";

/** A call of an earlier turn, with every id that its output may refer to. */
export interface PastCall {
  readonly ids: readonly string[];
  readonly call: ToolCall;
}

export interface PastOutput extends ReadText {
  readonly ids: readonly string[];
  /** Of its tool, where the item says so. */
  readonly name: string | undefined;
}

/** How the arguments of a tool that OpenAI defines stand in its item. The model is told of such tools in the same form. */
const BUILT_IN_ARGUMENTS: Readonly<Record<string, (item: Item) => unknown>> = {
  local_shell_call: (item) => withoutBlanks(item["action"], ["type"]),
  shell_call: (item) => withoutBlanks(item["action"]),
  apply_patch_call: (item) => ({ operation: item["operation"] }),
  computer_call: ({ action, actions }) => withoutBlanks({ action, actions }),
};

/** Where other calls have their arguments. */
const ARGUMENT_FIELDS = ["arguments", "input", "action", "actions", "operation", "parameters"];

export function readCall(item: Item): PastCall | undefined {
  if (!item.type.endsWith("_call")) return undefined;
  const ids = idsOf(item);
  const namespace = textField(item, "namespace");
  const call: ToolCall = {
    id: ids[0] ?? item.id,
    name: textField(item, "name") ?? item.type.replace(/_call$/, ""),
    ...(namespace !== undefined && { namespace }),
    arguments: argumentsText(item),
  };
  return { ids, call };
}

export function readOutput(item: Item): PastOutput | undefined {
  if (!item.type.endsWith("_output")) return undefined;
  return { ids: idsOf(item), name: textField(item, "name"), ...outputText(item) };
}

/** Arguments that are a string stay unchanged. */
function argumentsText(item: Item): string {
  const builtIn = Object.hasOwn(BUILT_IN_ARGUMENTS, item.type) ? BUILT_IN_ARGUMENTS[item.type] : undefined;
  const field = ARGUMENT_FIELDS.find((name) => item[name] !== undefined && item[name] !== null);
  const given = builtIn ? builtIn(item) : field && item[field];
  return typeof given === "string" ? given : JSON.stringify(given ?? {});
}

function outputText(item: Item): ReadText {
  if (item.type === "tool_search_output") return { text: foundTools(item["tools"]), missed: [] };
  const output = item["output"] ?? item["result"] ?? item["content"] ?? item["text"];
  const { text, missed } = isRunOutput(output) ? { text: runText(output), missed: [] } : readText(output);
  const status = textField(item, "status");
  const told = text === "" && output === undefined ? (status ?? "") : text;
  return { text: status === "failed" && told !== status ? `${status}\n${told}` : told, missed };
}

type Run = Readonly<Record<string, unknown>>;

function isRunOutput(output: unknown): output is readonly Run[] {
  if (!Array.isArray(output) || output.length === 0) return false;
  return (output as readonly unknown[]).every((run) => isFields(run) && ("stdout" in run || "stderr" in run));
}

/** What commands of a shell printed, each with how it ended. */
function runText(runs: readonly Run[]): string {
  return runs
    .map((run) => {
      const stderr = textField(run, "stderr");
      return [textField(run, "stdout"), stderr && `stderr:\n${stderr}`, outcomeText(run["outcome"])]
        .filter((text) => text !== undefined)
        .join("\n");
    })
    .join("\n");
}

function outcomeText(outcome: unknown): string | undefined {
  if (!isFields(outcome)) return undefined;
  if (outcome["type"] === "timeout") return "[timed out]";
  const code = outcome["exit_code"];
  return typeof code === "number" ? `[exit code ${code}]` : undefined;
}

/** The model gets the tools themselves with all others, see `declared-tools.ts`. */
function foundTools(tools: unknown): string {
  const names = namesOf(tools);
  return names.length === 0 ? "No tools were found." : `Tools that can be called now: ${names.join(", ")}.`;
}

function namesOf(tools: unknown): readonly string[] {
  if (!Array.isArray(tools)) return [];
  return (tools as readonly unknown[]).flatMap((tool) => {
    if (!isFields(tool)) return [];
    const name = textField(tool, "name") ?? textField(tool, "type") ?? "";
    return Array.isArray(tool["tools"]) ? namesOf(tool["tools"]).map((inner) => `${name}.${inner}`) : [name];
  });
}

/** The output of a local shell carries its call's id in `id`. */
function idsOf(item: Item): readonly string[] {
  return [item["call_id"], item.id].flatMap((id) => {
    if (typeof id === "number") return [String(id)];
    return typeof id === "string" && id !== "" ? [id] : [];
  });
}

function withoutBlanks(value: unknown, fields: readonly string[] = []): unknown {
  if (!isFields(value)) return value;
  const kept = Object.entries(value).filter(([name, field]) => !fields.includes(name) && !isBlank(field));
  return Object.fromEntries(kept);
}

function isBlank(value: unknown): boolean {
  return value === null || value === undefined || (isFields(value) && Object.keys(value).length === 0);
}
