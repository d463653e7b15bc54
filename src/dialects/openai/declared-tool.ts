import type { JsonSchema, Tool } from "../../turn/ask.ts";

interface GivenFunction {
  readonly name: string;
  readonly description?: string | null | undefined;
  readonly parameters?: JsonSchema | null | undefined;
  readonly strict?: boolean | null | undefined;
}

interface GivenCustom extends Pick<GivenFunction, "name" | "description"> {
  readonly grammar: { readonly syntax: string; readonly definition: string } | undefined;
}

/** @param param where the caller gave the parameters. */
export function functionTool({ name, description, parameters, strict }: GivenFunction, param: string): Tool {
  return {
    kind: "function",
    name,
    description: description ?? undefined,
    parameters: parameters ?? undefined,
    param,
    ...(strict && { isStrict: true }),
  };
}

/** The model is told the grammar; nothing enforces it. */
export function customTool({ name, description, grammar }: GivenCustom): Tool {
  const rule = grammar && `Its input must match this ${grammar.syntax} grammar:\n${grammar.definition}`;
  const told = [description, rule].filter(Boolean).join("\n\n");
  return { kind: "custom", name, description: told || undefined, parameters: undefined };
}
