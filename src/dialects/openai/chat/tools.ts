import { GatewayError } from "../../../errors.ts";
import type { Ask, Format, Tool, ToolChoice } from "../../../turn/ask.ts";
import { customTool, functionTool } from "../declared-tool.ts";
import { refuseEmptyDemand } from "../tool-choice.ts";
import type { ChatCompletionBody } from "./schema.ts";

interface ToolAsk extends Pick<Ask, "tools" | "toolChoice" | "parallelToolCalls"> {
  /** The types of what the provider would have run itself. */
  readonly hosted: readonly string[];
}

type BodyTool = NonNullable<ChatCompletionBody["tools"]>[number];
type OwnTool = Extract<BodyTool, { readonly function: object } | { readonly custom: object }>;

/** What the model may and must call, whether asked in the present form or with the older `functions`. */
export function toToolAsk(body: ChatCompletionBody): ToolAsk {
  if (usesFunctions(body)) {
    const declared = (body.functions ?? []).map((one, index) => functionTool(one, `functions[${index}].parameters`));
    refuseRepeated(declared, "functions");
    return { ...chosenFunction(declared, body.function_call), parallelToolCalls: false, hosted: [] };
  }
  const given = (body.tools ?? []).map((tool, index) => (isOwn(tool) ? toTool(tool, index) : undefined));
  refuseRepeated(given, "tools");
  const declared = given.filter((tool) => tool !== undefined);
  const hosted = (body.tools ?? []).flatMap((tool) => (isOwn(tool) ? [] : [tool.type]));
  const choice = chosen(declared, body.tool_choice);
  refuseEmptyDemand(choice, hosted);
  return { ...choice, parallelToolCalls: body.parallel_tool_calls ?? true, hosted };
}

/** Whether tools are asked for in the older form, so that calls are told in it, too. */
export function usesFunctions({ tools, functions }: ChatCompletionBody): boolean {
  return !tools?.length && Boolean(functions?.length);
}

/** `param` is where the caller gave the schema. */
export function toFormat(format: ChatCompletionBody["response_format"], param: string): Format {
  if (format?.type === "json_object") return { type: "json_object" };
  if (format?.type !== "json_schema") return { type: "text" };
  const { name, schema } = format.json_schema;
  return { type: "json_schema", name, schema: schema ?? {}, param };
}

function isOwn(tool: BodyTool): tool is OwnTool {
  return tool.type === "function" || tool.type === "custom";
}

function toTool(tool: OwnTool, index: number): Tool {
  if (tool.type === "function") return functionTool(tool.function, `tools[${index}].function.parameters`);
  const { name, description, format } = tool.custom;
  const grammar = format?.type === "grammar" ? ("grammar" in format ? format.grammar : format) : undefined;
  return customTool({ name, description, grammar });
}

function chosen(tools: readonly Tool[], choice: ChatCompletionBody["tool_choice"]): Chosen {
  if (choice === "none") return { tools: [], toolChoice: "auto" };
  if (typeof choice === "string" || !choice) return { tools, toolChoice: choice ?? "auto" };
  if (choice.type === "allowed_tools") {
    const { mode, tools: allowed } = choice.allowed_tools;
    const names = new Set(allowed.map((one) => one.function?.name ?? one.custom?.name));
    return { tools: tools.filter(({ name }) => names.has(name)), toolChoice: mode };
  }
  const { name } = choice.type === "function" ? choice.function : choice.custom;
  return { tools, toolChoice: declaredChoice(tools, name, "tool_choice") };
}

function chosenFunction(tools: readonly Tool[], choice: ChatCompletionBody["function_call"]): Chosen {
  if (choice === "none") return { tools: [], toolChoice: "auto" };
  if (!choice || choice === "auto") return { tools, toolChoice: "auto" };
  return { tools, toolChoice: declaredChoice(tools, choice.name, "function_call") };
}

type Chosen = Pick<ToolAsk, "tools" | "toolChoice">;

function declaredChoice(tools: readonly Tool[], name: string, param: string): ToolChoice {
  if (tools.some((tool) => tool.name === name)) return { name };
  const message = `Invalid value for '${param}': no function named '${name.slice(0, 64)}' was given.`;
  throw new GatewayError("invalid_value", message, { param });
}

function refuseRepeated(tools: readonly (Tool | undefined)[], param: string): void {
  const names = new Set<string>();
  for (const [index, tool] of tools.entries()) {
    if (!tool) continue;
    const { name } = tool;
    if (names.has(name)) {
      const where = `${param}[${index}]`;
      throw new GatewayError("invalid_value", `Invalid '${where}': the name '${name}' is declared twice.`, {
        param: where,
      });
    }
    names.add(name);
  }
}
