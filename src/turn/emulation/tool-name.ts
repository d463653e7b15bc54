import type { Tool } from "../ask.ts";

/** The tool's name as a call gives it. */
interface CalledName {
  readonly name?: string | undefined;
  readonly namespace?: string | undefined;
}

/** The tool that a call names, or a text for the model about what is wrong with the name. */
export function toolNamed(tools: readonly Tool[], { name, namespace }: CalledName): Tool | string {
  if (name === undefined) return `A call lacks the name of its tool. The tools are: ${listed(tools)}.`;
  const exact = tools.filter((tool) => tool.name === name && (namespace ?? tool.namespace) === tool.namespace);
  const found = exact.length > 0 ? exact : tools.filter((tool) => longNames(tool).includes(name));
  const [only, ...others] = found.length > 1 ? found.filter((tool) => tool.namespace === namespace) : found;
  if (only && others.length === 0) return only;
  if (found.length > 1) return `Several tools are named ${quoted(name)}: ${listed(found)}. Write the whole name.`;
  return `There is no tool named ${quoted(name)}. The tools are: ${listed(tools)}.`;
}

/** The name that the model sees: with its namespace if the name alone is not unique. */
export function shownName(tool: Tool, tools: readonly Tool[]): string {
  const isUnique = tools.every((other) => other === tool || other.name !== tool.name);
  return isUnique || tool.namespace === undefined ? tool.name : `${tool.namespace}.${tool.name}`;
}

/** Models join namespace and name in several ways, and some use `functions`, the namespace of OpenAI's own models. */
function longNames({ name, namespace }: Tool): readonly string[] {
  const joined = namespace === undefined ? [] : [".", "__", "/", ":", ""].map((mark) => `${namespace}${mark}${name}`);
  return [`functions.${name}`, ...joined];
}

function listed(tools: readonly Tool[]): string {
  return tools.map((tool) => quoted(shownName(tool, tools))).join(", ");
}

/** A name for a text to the model, shortened if it is long. */
export function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 64));
}
