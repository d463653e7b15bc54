import { builtInTool } from "./built-in-tools.ts";
import { isNamespace, isPlainTool, type BodyTool, type PlainTool } from "./tool-schema.ts";

/** The tools of a request as its response repeats them: those that have an effect. */
export function shownTools(tools: readonly BodyTool[]): readonly object[] {
  return tools.flatMap((tool) => {
    if (isPlainTool(tool)) return [shownPlain(tool)];
    if (isNamespace(tool)) {
      const { type, name } = tool;
      return [{ type, name, description: tool.description ?? "", tools: shownTools(tool.tools) }];
    }
    const builtIn = builtInTool(tool);
    if (!builtIn) return [];
    const { form, name, description, parameters, isStrict: strict } = builtIn;
    return [form === "function_call" ? { type: "function", description, name, parameters, strict } : tool];
  });
}

function shownPlain(tool: PlainTool): object {
  const { type, name } = tool;
  const description = tool.description ?? null;
  if (tool.type === "custom") return { type, name, description, format: tool.format ?? { type: "text" } };
  return { type, description, name, parameters: tool.parameters ?? null, strict: tool.strict ?? false };
}
