import { GatewayError } from "../errors.ts";
import type { Ask, Format, Tool, ToolChoice } from "../turn/ask.ts";
import type { BodyTool, OwnTool, ResponseBody } from "./response-schema.ts";

/** What the model may and must call. Tools that OpenAI runs itself are left out, unless the caller insists on one. */
export function toResponseToolAsk(body: ResponseBody): Pick<Ask, "tools" | "toolChoice" | "parallelToolCalls"> {
  const declared = (body.tools ?? []).flatMap((tool, index) => (isOwn(tool) ? [toTool(tool, index)] : []));
  refuseRepeated(body.tools ?? []);
  const { tools, toolChoice } = chosen(declared, body);
  return { tools, toolChoice, parallelToolCalls: body.parallel_tool_calls ?? true };
}

export function toTextFormat(text: ResponseBody["text"]): Format {
  const format = text?.format;
  if (format?.type === "json_object") return { type: "json_object" };
  if (format?.type !== "json_schema") return { type: "text" };
  const { type, name, schema } = format;
  return { type, name, schema, param: "text.format.schema" };
}

/** Whether the caller runs it; the others are OpenAI's. */
export function isOwn(tool: BodyTool): tool is OwnTool {
  return tool.type === "function" || tool.type === "custom";
}

function toTool(tool: OwnTool, index: number): Tool {
  const { type: kind, name } = tool;
  const description = tool.description ?? undefined;
  if (tool.type === "function") {
    const parameters = tool.parameters ?? undefined;
    return { kind, name, description, parameters, param: `tools[${index}].parameters` };
  }
  const rule =
    tool.format?.type === "grammar"
      ? `Its input must match this ${tool.format.syntax} grammar:\n${tool.format.definition}`
      : undefined;
  const told = [description, rule].filter((text) => text !== undefined).join("\n\n");
  return { kind, name, description: told === "" ? undefined : told, parameters: undefined };
}

type Chosen = Pick<Ask, "tools" | "toolChoice">;

function chosen(tools: readonly Tool[], { tools: given, tool_choice: choice }: ResponseBody): Chosen {
  if (choice === "none") return { tools: [], toolChoice: "auto" };
  if (typeof choice === "string" || !choice) return demanded({ tools, toolChoice: choice ?? "auto" }, given ?? []);
  if ("name" in choice) return { tools, toolChoice: declaredChoice(tools, choice.name) };
  if (choice.type !== "allowed_tools") throw hostedChoice(choice.type);
  const names = new Set(choice.tools.map(({ name }) => name));
  const allowed = { tools: tools.filter(({ name }) => names.has(name)), toolChoice: choice.mode };
  return demanded(allowed, choice.tools);
}

/** A call cannot be demanded where there is nothing to call. */
function demanded(chosenOnes: Chosen, given: readonly { readonly type: string }[]): Chosen {
  if (chosenOnes.toolChoice === "auto" || chosenOnes.tools.length > 0) return chosenOnes;
  const hosted = given.find(({ type }) => type !== "function" && type !== "custom");
  if (hosted) throw hostedChoice(hosted.type);
  const message = "Tool choice 'required' must be specified with 'tools' parameter.";
  throw new GatewayError("invalid_value", message, { param: "tool_choice" });
}

function declaredChoice(tools: readonly Tool[], name: string): ToolChoice {
  if (tools.some((tool) => tool.name === name)) return { name };
  const message = `Tool choice '${name.slice(0, 64)}' not found in 'tools' parameter.`;
  throw new GatewayError("invalid_value", message, { param: "tool_choice" });
}

function hostedChoice(type: string): GatewayError {
  const message = `Unsupported value: 'tool_choice' does not support '${type.slice(0, 64)}' with this model.`;
  return new GatewayError("unsupported_value", message, { param: "tool_choice" });
}

function refuseRepeated(tools: readonly BodyTool[]): void {
  const names = new Set<string>();
  for (const [index, tool] of tools.entries()) {
    if (!isOwn(tool)) continue;
    if (names.has(tool.name)) {
      const param = `tools[${index}]`;
      const message = `Invalid '${param}': the name '${tool.name}' is declared twice.`;
      throw new GatewayError("invalid_value", message, { param });
    }
    names.add(tool.name);
  }
}
