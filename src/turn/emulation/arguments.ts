import type { JsonSchema, Tool } from "../ask.ts";
import { membersOf } from "./json-members.ts";
import { MAX_REWRITTEN_CHARACTERS } from "./json-rewrite.ts";

/**
 * Corrects mistakes in a call's arguments that can mean only one thing by the tool's schema: null for an optional property is
 * removed, "5" for an integer becomes 5, a missing required property gets its default. Everything else stays as the model wrote
 * it, because the caller checks the arguments.
 * @param json A JSON object without white space between its tokens.
 */
export function fittedArguments(json: string, { parameters }: Pick<Tool, "parameters">): string {
  const properties = recordOf(parameters?.["properties"]);
  if (!properties || json.length > MAX_REWRITTEN_CHARACTERS) return json;
  const required = new Set(Array.isArray(parameters?.["required"]) ? parameters["required"] : []);
  const members = membersOf(json).flatMap(({ key, value }) => {
    const schema = Object.hasOwn(properties, key) ? recordOf(properties[key]) : undefined;
    const types = schema && typesOf(schema);
    if (!types) return [{ key, value }];
    const isNull = value === "null" || (value === '"null"' && !types.has("string"));
    if (isNull && !types.has("null") && !required.has(key)) return [];
    return [{ key, value: fittedValue(value, types) }];
  });
  const given = new Set(members.map(({ key }) => key));
  const defaults = Object.entries(properties).flatMap(([key, schema]) => {
    const value = recordOf(schema)?.["default"];
    return required.has(key) && !given.has(key) && value !== undefined ? [{ key, value: JSON.stringify(value) }] : [];
  });
  return `{${[...members, ...defaults].map(({ key, value }) => `${JSON.stringify(key)}:${value}`).join(",")}}`;
}

/** The value as JSON text, converted to one of the types if only its form is wrong. */
function fittedValue(value: string, types: ReadonlySet<string>): string {
  if (/^-?\d/.test(value))
    return types.has("number") || types.has("integer") || !types.has("string") ? value : `"${value}"`;
  if (!value.startsWith('"') || types.has("string")) return value;
  const inner = (JSON.parse(value) as string).trim();
  const type = typeOfText(inner);
  return type !== undefined && types.has(type) ? inner : value;
}

function typeOfText(text: string): string | undefined {
  if (/^-?(?:0|[1-9]\d*)$/.test(text)) return "integer";
  try {
    const value: unknown = JSON.parse(text);
    if (value === null) return "null";
    return Array.isArray(value) ? "array" : typeof value;
  } catch {
    return undefined;
  }
}

/** The types that a value may have; undefined if the schema does not say so plainly. */
function typesOf(schema: JsonSchema): ReadonlySet<string> | undefined {
  if (["$ref", "allOf", "anyOf", "oneOf", "not", "if", "const"].some((keyword) => keyword in schema)) return undefined;
  const named = [schema["type"]].flat().filter((type) => typeof type === "string");
  if (named.length === 0 || [schema["enum"]].flat().includes(null)) return undefined;
  if (schema["nullable"] === true) named.push("null");
  // An integer is a number too.
  return new Set(named.includes("number") ? [...named, "integer"] : named);
}

function recordOf(value: unknown): JsonSchema | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonSchema) : undefined;
}
