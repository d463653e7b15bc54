import { patternOf } from "./pattern.ts";

/** An object of parsed JSON. */
export type JsonObject = Record<string, unknown>;

/** Keywords whose value is a schema, a list of schemas, or schemas by name. */
export const SCHEMA_KEYWORDS: ReadonlySet<string> = new Set([
  "not",
  "if",
  "then",
  "else",
  "contains",
  "propertyNames",
  "additionalProperties",
  "additionalItems",
  "unevaluatedProperties",
  "unevaluatedItems",
]);
export const LIST_KEYWORDS: ReadonlySet<string> = new Set(["allOf", "anyOf", "oneOf", "prefixItems"]);
export const MAP_KEYWORDS: ReadonlySet<string> = new Set([
  "properties",
  "patternProperties",
  "dependentSchemas",
  "dependencies",
  "$defs",
  "definitions",
]);
/** The values of these keywords are data, even if they look like schemas. */
export const DATA_KEYWORDS: ReadonlySet<string> = new Set(["enum", "const", "default", "example", "examples"]);

const TYPES: ReadonlySet<unknown> = new Set(["string", "number", "integer", "boolean", "object", "array", "null"]);

/** What the value of each keyword must be. Ajv refuses a whole schema for one wrong value. */
const SHAPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  type: (value) => (Array.isArray(value) ? value.length > 0 && value.every((one) => TYPES.has(one)) : TYPES.has(value)),
  enum: (value) => Array.isArray(value) && value.length > 0,
  pattern: (value) => typeof value === "string" && patternOf(value) !== undefined,
  multipleOf: (value) => typeof value === "number" && value > 0,
  uniqueItems: (value) => typeof value === "boolean",
  required: isListOfStrings,
  dependentRequired: (value) => isObject(value) && Object.values(value).every(isListOfStrings),
  items: (value) => isSchema(value) || isListOfSchemas(value),
  ...shapesOf(["maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum"], (value) => typeof value === "number"),
  ...shapesOf(
    ["maxLength", "minLength", "maxItems", "minItems", "maxProperties", "minProperties", "maxContains", "minContains"],
    (value) => Number.isInteger(value) && Number(value) >= 0,
  ),
  ...shapesOf(["format", "$ref", "$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef"], isString),
  ...shapesOf(SCHEMA_KEYWORDS, isSchema),
  ...shapesOf(LIST_KEYWORDS, isListOfSchemas),
  ...shapesOf(MAP_KEYWORDS, isObject),
};

function shapesOf<T>(keywords: Iterable<string>, isRight: T): Record<string, T> {
  return Object.fromEntries([...keywords].map((keyword) => [keyword, isRight]));
}

/** The keywords of a schema whose values are not allowed there. */
export function misshapen(schema: JsonObject): string[] {
  return Object.keys(schema).filter(
    (keyword) => Object.hasOwn(SHAPES, keyword) && SHAPES[keyword]?.(schema[keyword]) === false,
  );
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isSchema(value: unknown): value is JsonObject | boolean {
  return typeof value === "boolean" || isObject(value);
}

function isListOfSchemas(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isSchema);
}

function isListOfStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every(isString);
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}
