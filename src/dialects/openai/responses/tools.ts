import { GatewayError } from "../../../errors.ts";
import type { Ask, Format, ToolChoice, ToolName } from "../../../turn/ask.ts";
import { providerToolChosen, refuseEmptyDemand } from "../tool-choice.ts";
import type { BodyFormat, ResponseBody } from "./schema.ts";
import type { DeclaredTool, DeclaredTools } from "./declared-tools.ts";
import type { BodyToolChoice, ChosenTool } from "./tool-schema.ts";

/** What the model may and must call. Tools that OpenAI runs itself are left out, unless the caller insists on one. */
export function toResponseToolAsk(
  body: ResponseBody,
  declared: DeclaredTools,
): Pick<Ask, "tools" | "toolChoice" | "parallelToolCalls"> {
  const { tools, toolChoice } = chosen(declared, body.tool_choice ?? "auto");
  return { tools: tools.map(({ tool }) => tool), toolChoice, parallelToolCalls: body.parallel_tool_calls ?? true };
}

export function toTextFormat(format: BodyFormat | null | undefined): Format {
  const param = "text.format.schema";
  // Other servers take a schema beside `json_object`; leaving it out would answer in another form.
  if (format?.type === "json_object" && format.schema) {
    return { type: "json_schema", name: format.name ?? "answer", schema: format.schema, param };
  }
  if (format?.type === "json_object") return { type: "json_object" };
  if (format?.type !== "json_schema") return { type: "text" };
  const { type, name, schema } = format;
  return { type, name, schema, param };
}

interface Chosen {
  readonly tools: readonly DeclaredTool[];
  readonly toolChoice: ToolChoice;
}

function chosen(declared: DeclaredTools, choice: BodyToolChoice): Chosen {
  const { all } = declared;
  const providerTypes = new Set(declared.providerTypes);
  const mode = plainMode(choice);
  if (mode === "none") return { tools: [], toolChoice: "auto" };
  if (mode !== undefined) return demanded({ tools: all, toolChoice: mode }, declared.providerTypes);
  if (typeof choice === "string") throw choiceNotFound(choice);
  if (isAllowedTools(choice)) {
    const tools = all.filter(isOneOf(choice.tools));
    const asked = choice.tools.map(({ type }) => type).filter((type) => providerTypes.has(type));
    return demanded({ tools, toolChoice: choice.mode }, asked);
  }
  const meant = all.filter(isOneOf([choice]));
  if (choice.type === "namespace" && meant.length > 0) return { tools: meant, toolChoice: "required" };
  const found = meant.find(({ tool }) => tool.namespace === undefined) ?? meant[0];
  if (found) return { tools: all, toolChoice: toolName(found) };
  throw choice.name && !providerTypes.has(choice.type) ? choiceNotFound(choice.name) : providerToolChosen(choice.type);
}

type AllowedTools = Extract<BodyToolChoice, { readonly mode: unknown }>;

function isAllowedTools(choice: Exclude<BodyToolChoice, string>): choice is AllowedTools {
  return choice.type === "allowed_tools";
}

const MODES: Readonly<Record<string, "none" | "auto" | "required">> = {
  none: "none",
  auto: "auto",
  required: "required",
  any: "required",
};

/** A choice that names no tool: a word, or an object such as `{"type": "auto"}`, which other APIs use. */
export function plainMode(choice: BodyToolChoice): "none" | "auto" | "required" | undefined {
  const word = typeof choice === "string" ? choice : choice.type;
  return Object.hasOwn(MODES, word) ? MODES[word] : undefined;
}

/** Whether a tool is one of these. Both lists may be long. */
function isOneOf(choices: readonly ChosenTool[]): (declared: DeclaredTool) => boolean {
  const namespaces = new Set(choices.flatMap(({ type, name }) => (type === "namespace" ? [name] : [])));
  const named = choices.filter(({ type, name }) => type !== "namespace" && name);
  const names = new Set(named.map(({ name, namespace }) => keyOf(name, namespace)));
  const families = new Set(choices.flatMap(({ type, name }) => (type === "namespace" || name ? [] : [family(type)])));
  return ({ tool, type }) =>
    (tool.namespace !== undefined && namespaces.has(tool.namespace)) ||
    // A name without a namespace means those in every one.
    names.has(keyOf(tool.name, undefined)) ||
    names.has(keyOf(tool.name, tool.namespace)) ||
    families.has(family(type));
}

function keyOf(name: string | null | undefined, namespace: string | null | undefined): string {
  return JSON.stringify([namespace ?? null, name]);
}

/** The computer tool has had three names. */
function family(type: string): string {
  return type.startsWith("computer") ? "computer" : type;
}

function toolName({ tool: { name, namespace } }: DeclaredTool): ToolName {
  return namespace === undefined ? { name } : { name, namespace };
}

function demanded(chosenOnes: Chosen, providerTypes: readonly string[]): Chosen {
  refuseEmptyDemand(chosenOnes, providerTypes);
  return chosenOnes;
}

function choiceNotFound(name: string): GatewayError {
  const message = `Tool choice '${name.slice(0, 64)}' not found in 'tools' parameter.`;
  return new GatewayError("invalid_value", message, { param: "tool_choice" });
}
