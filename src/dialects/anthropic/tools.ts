import { GatewayError } from "../../errors.ts";
import type { JsonSchema, Tool, ToolChoice } from "../../turn/ask.ts";
import { refuseManyTools } from "../../turn/tool-limits.ts";
import { clientToolOf } from "./client-tools.ts";
import { toolBody, type BodyTool, type MessageBody } from "./schema.ts";
import { toolsetOf } from "./toolsets.ts";

export interface DeclaredTools {
  readonly tools: readonly Tool[];
  /** The types of what Anthropic would have run itself. */
  readonly hosted: readonly string[];
}

/**
 * What the caller runs, whatever its type, also where it is declared in the middle of the conversation. What was
 * removed there cannot be called any more.
 */
export function toTools({ tools = [], messages }: Pick<MessageBody, "tools" | "messages">): DeclaredTools {
  const declared = new Map<string, Tool>();
  const hosted: string[] = [];
  const add = (tool: BodyTool, param: string): void => {
    const own = ownTools(tool, param);
    if (!own) hosted.push(tool.type ?? "tools");
    for (const one of own ?? []) declared.set(`${one.namespace ?? ""} ${one.name}`, one);
  };
  for (const [index, tool] of (tools ?? []).entries()) add(tool, `tools[${index}]`);
  for (const [index, { content }] of messages.entries()) {
    if (typeof content === "string" || !content) continue;
    for (const [at, block] of content.entries()) {
      if (block.type !== "tool_addition" && block.type !== "tool_removal") continue;
      const change = record(Reflect.get(block, "tool"));
      const definition = toolBody.safeParse(change?.["definition"]);
      if (block.type === "tool_removal") declared.delete(` ${String(change?.["name"])}`);
      else if (definition.success) add(definition.data, `messages[${index}].content[${at}].tool.definition`);
    }
  }
  const own = [...declared.values()];
  refuseManyTools({ tools: own });
  return { tools: own, hosted };
}

export function toToolChoice(choice: MessageBody["tool_choice"], tools: readonly Tool[]): ToolChoice {
  if (choice?.type === "any" && tools.length > 0) return "required";
  if (choice?.type !== "tool" && choice?.type !== "any") return "auto";
  const named = choice.type === "tool" ? tools.find(({ name }) => name === choice.name) : undefined;
  if (named) return { name: named.name, ...(named.namespace !== undefined && { namespace: named.namespace }) };
  const message = "Invalid value for 'tool_choice': no tool that could be called was given for it.";
  throw new GatewayError("invalid_value", message, { param: "tool_choice" });
}

/** One tool, or a toolset's; undefined for what Anthropic runs itself. A name and a schema make any type the caller's. */
function ownTools(tool: BodyTool, param: string): readonly Tool[] | undefined {
  const fields: Readonly<Record<string, unknown>> = record(Reflect.get(tool, "function")) ?? tool;
  const key = record(fields["input_schema"]) ? "input_schema" : "parameters";
  const schema = record(fields[key]);
  const strict = fields["strict"] === true ? { isStrict: true } : {};
  if (typeof fields["name"] === "string" && schema) {
    const where = fields === tool ? `${param}.${key}` : `${param}.function.${key}`;
    const description = withExamples(fields["description"], fields["input_examples"]);
    return [{ kind: "function", name: fields["name"], description, parameters: schema, param: where, ...strict }];
  }
  const type = tool.type ?? "";
  const toolset = toolsetOf(type, fields["configs"]);
  if (toolset) return toolset;
  const known = clientToolOf(type, fields);
  if (!known) return undefined;
  const description = withExamples(tool.description ?? known.description, tool.input_examples);
  return [{ kind: "function", name: tool.name || known.name, description, parameters: known.parameters, ...strict }];
}

function withExamples(description: unknown, examples: unknown): string | undefined {
  const told = typeof description === "string" && description !== "" ? [description] : [];
  if (Array.isArray(examples) && examples.length > 0) told.push(`Examples of its input: ${JSON.stringify(examples)}`);
  return told.length > 0 ? told.join("\n\n") : undefined;
}

function record(value: unknown): JsonSchema | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonSchema) : undefined;
}
