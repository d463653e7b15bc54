import type { Message } from "../../chat.ts";
import type { Format } from "../ask.ts";
import { violationsOf } from "../schema/schema-checker.ts";
import type { CallProblem } from "./tool-calls.ts";
import { jsonFault, jsonValues } from "./json-text.ts";

export type JsonFormat = Exclude<Format, { type: "text" }>;

/** Tells the model to answer in JSON only. */
export function formatRules(format: JsonFormat, { mayCall }: { readonly mayCall: boolean }): Message {
  const wanted = format.type === "json_object" ? "one JSON object" : "one JSON value";
  const text = [
    `${mayCall ? "Unless you call a tool, answer" : "Answer"} with ${wanted} and nothing else: no prose, no code fence.`,
    ...(format.type === "json_schema"
      ? [`It must meet this JSON Schema, named ${JSON.stringify(format.name)}:`, JSON.stringify(format.schema)]
      : []),
  ];
  return { role: "system", text: text.join("\n") };
}

/** Asks for the answer again. */
export function formatRepair(problems: readonly CallProblem[], format: JsonFormat): Message {
  const wanted = format.type === "json_object" ? "one JSON object" : "one JSON value that meets the schema";
  const text = [
    "Your last answer cannot be used:",
    ...problems.map(({ text: problem }) => `- ${problem}`),
    `Write the whole answer again as ${wanted} and nothing else: no prose, no code fence.`,
  ];
  return { role: "user", text: text.join("\n") };
}

export type Formatted = { readonly json: string } | { readonly problems: readonly string[] };

/** Prose may contain many JSON values; at most this many are checked. */
const MAX_VALUES = 32;

/** The first JSON value that meets the format, or what is wrong with the first value. */
export async function formatted(answer: string, format: JsonFormat): Promise<Formatted> {
  let problems: readonly string[] | undefined;
  for (const { value, text } of jsonValues(answer).take(MAX_VALUES)) {
    const violations = await violationsIn(value, format);
    if (violations.length === 0) return { json: text };
    problems ??= violations;
  }
  return { problems: problems ?? [`It holds no valid JSON: ${jsonFault(answer)}.`] };
}

async function violationsIn(value: unknown, format: JsonFormat): Promise<readonly string[]> {
  if (format.type === "json_schema") return violationsOf(format.schema, value);
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? [] : ["the whole value must be object"];
}
