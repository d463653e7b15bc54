import { GatewayError } from "../errors.ts";
import type { Ask, Format, Tool, ToolChoice } from "../turn/ask.ts";
import type { ChatCompletionBody } from "./schema.ts";

type ToolAsk = Pick<Ask, "tools" | "toolChoice" | "parallelToolCalls">;

/** What the model may and must call, whether asked in the present form or with the older `functions`. */
export function toToolAsk(body: ChatCompletionBody): ToolAsk {
  const declared = body.tools?.length
    ? body.tools.map(toTool)
    : (body.functions ?? []).map((one, index) => functionTool(one, `functions[${index}]`));
  refuseRepeated(declared, body.tools?.length ? "tools" : "functions");
  const { tools, toolChoice } = body.tools?.length
    ? chosen(declared, body.tool_choice)
    : chosenFunction(declared, body.function_call);
  const isOlderForm = !body.tools?.length;
  return { tools, toolChoice, parallelToolCalls: isOlderForm ? false : (body.parallel_tool_calls ?? true) };
}

export function toFormat(format: ChatCompletionBody["response_format"]): Format {
  if (format?.type === "json_object") return { type: "json_object" };
  if (format?.type !== "json_schema") return { type: "text" };
  const { name, schema } = format.json_schema;
  return { type: "json_schema", name, schema: schema ?? {}, param: "response_format.json_schema.schema" };
}

function toTool(tool: NonNullable<ChatCompletionBody["tools"]>[number], index: number): Tool {
  if (tool.type === "function") return functionTool(tool.function, `tools[${index}].function`);
  const { name, description } = tool.custom;
  return { kind: "custom", name, description: description ?? undefined, parameters: undefined };
}

function functionTool(declared: NonNullable<ChatCompletionBody["functions"]>[number], path: string): Tool {
  const { name, description, parameters } = declared;
  return {
    kind: "function",
    name,
    description: description ?? undefined,
    parameters: parameters ?? undefined,
    param: `${path}.parameters`,
  };
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

function refuseRepeated(tools: readonly Tool[], param: string): void {
  const names = new Set<string>();
  for (const [index, { name }] of tools.entries()) {
    if (names.has(name)) {
      const where = `${param}[${index}]`;
      throw new GatewayError("invalid_value", `Invalid '${where}': the name '${name}' is declared twice.`, {
        param: where,
      });
    }
    names.add(name);
  }
}
