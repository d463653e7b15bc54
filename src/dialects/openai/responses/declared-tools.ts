import type { Message } from "../../../chat.ts";
import type { Tool, ToolCallPart, ToolName } from "../../../turn/ask.ts";
import { customTool, functionTool } from "../declared-tool.ts";
import type { Item } from "./item.ts";
import { builtInTool } from "./built-in-tools.ts";
import type { CallForm } from "./call-form.ts";
import { isNamespace, isPlainTool, tool as toolSchema, type BodyTool, type PlainTool } from "./tool-schema.ts";

/** A tool that the caller runs. */
export interface DeclaredTool {
  readonly tool: Tool;
  /** As the caller gave it, e.g. `local_shell`. */
  readonly type: string;
  /** What a call of it comes back as. */
  readonly form: CallForm;
}

/** Items that bring tools: those that the caller adds, and those that a search found. */
export const DECLARING_ITEMS: ReadonlySet<string> = new Set(["additional_tools", "tool_search_output"]);

/** The caller's tools, by namespace and name. A later tool replaces an earlier one of the same name. */
export class DeclaredTools {
  readonly #tools = new Map<string, DeclaredTool>();
  readonly #namespaces = new Map<string, string>();
  readonly #providerTypes = new Set<string>();
  readonly #leftOut = new Set<string>();

  get all(): readonly DeclaredTool[] {
    return [...this.#tools.values()];
  }

  /** Types of the tools that the provider would have run itself. */
  get providerTypes(): readonly string[] {
    return [...this.#providerTypes];
  }

  /** Names of the tools that the model does not get. */
  get leftOut(): readonly string[] {
    return [...this.#providerTypes, ...this.#leftOut];
  }

  /** @param path where the caller gave them, e.g. `tools`. */
  add(tools: readonly BodyTool[], path: string, namespace?: string): void {
    for (const [index, given] of tools.entries()) this.#add(given, `${path}[${index}]`, namespace);
  }

  /** Adds the tools that items bring. A client cannot change its history, so an invalid tool is left out, not refused. */
  addItems(items: readonly Item[]): void {
    for (const item of items) {
      if (!DECLARING_ITEMS.has(item.type) || !Array.isArray(item["tools"])) continue;
      for (const given of item["tools"] as readonly unknown[]) {
        const read = toolSchema.safeParse(given);
        if (read.success) this.add([read.data], `input.${item.type}`);
        else this.#leftOut.add(`input.${item.type}`);
      }
    }
  }

  formOf({ kind, name, namespace }: ToolCallPart): CallForm {
    const declared = this.#tools.get(keyOf(name, namespace));
    return declared?.form ?? (kind === "custom" ? "custom_tool_call" : "function_call");
  }

  /** The descriptions of the namespaces that these tools belong to. */
  namespaceNotes(tools: readonly ToolName[]): readonly Message[] {
    const used = new Set(tools.map(({ namespace }) => namespace));
    return [...this.#namespaces]
      .filter(([name]) => used.has(name))
      .map(([name, about]) => ({ role: "system", text: `About the tools of the namespace ${name}:\n${about}` }));
  }

  #add(given: BodyTool, path: string, namespace: string | undefined): void {
    if (isNamespace(given)) {
      if (given.description) this.#namespaces.set(given.name, given.description);
      this.add(given.tools, `${path}.tools`, given.name);
    } else if (isPlainTool(given)) {
      this.#declare(plainTool(given, `${path}.parameters`), given.type, namespace);
    } else {
      const builtIn = builtInTool(given);
      if (!builtIn) this.#providerTypes.add(given.type);
      else {
        const { form, ...told } = builtIn;
        const tool: Tool = { kind: "function", ...told, param: path };
        this.#declare({ tool, form }, given.type, namespace);
      }
    }
  }

  #declare({ tool, form }: Omit<DeclaredTool, "type">, type: string, namespace: string | undefined): void {
    const named = namespace === undefined ? tool : { ...tool, namespace };
    this.#tools.set(keyOf(tool.name, namespace), { tool: named, type, form });
  }
}

function plainTool(given: PlainTool, param: string): Omit<DeclaredTool, "type"> {
  if (given.type === "function") return { tool: functionTool(given, param), form: "function_call" };
  const grammar = given.format?.type === "grammar" ? given.format : undefined;
  return { tool: customTool({ ...given, grammar }), form: "custom_tool_call" };
}

function keyOf(name: string, namespace: string | undefined): string {
  return JSON.stringify([namespace, name]);
}
