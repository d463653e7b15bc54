import type { JsonSchema } from "./ask.ts";
import { checkerOf } from "./json-schema.ts";

/** Why this schema cannot be checked; undefined when it can. Never throws for a caller's schema. */
export async function uncheckedReason(schema: JsonSchema): Promise<string | undefined> {
  try {
    checkerOf(schema);
    return undefined;
  } catch (cause) {
    return cause instanceof Error ? cause.message : "It cannot be compiled.";
  }
}

/** What is wrong with the value, in words for the model; empty when it meets the schema or cannot be checked. */
export async function violationsOf(schema: JsonSchema, value: unknown): Promise<readonly string[]> {
  return (await uncheckedReason(schema)) === undefined ? checkerOf(schema)(value) : [];
}
