import type { JsonSchema } from "../../src/turn/ask.ts";

export interface HostileCheck {
  readonly name: string;
  readonly schema: JsonSchema;
  /** What the model answers. */
  readonly value: unknown;
}

/** Definitions that each refer to the next one twice: twice the work with every level. */
function fanOut(keyword: string, levels: number): JsonSchema {
  const steps = Array.from({ length: levels }, (_, level) => {
    const next = { $ref: `#/$defs/n${level + 1}` };
    return [`n${level}`, { [keyword]: keyword === "properties" ? { a: next, b: next } : [next, next] }];
  });
  return { $ref: "#/$defs/n0", $defs: { ...Object.fromEntries(steps), [`n${levels}`]: { type: "string" } } };
}

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}

const LONG_RUN = `${"a".repeat(40)}b`;
const SLOW_PATTERN = "^((a+)c?)+$";

/** None of them ends by itself in any time that somebody would wait. */
export const ENDLESS: readonly HostileCheck[] = [
  ...["anyOf", "allOf", "oneOf"].map((keyword) => ({
    name: `${keyword} that fans out over 40 levels`,
    schema: fanOut(keyword, 40),
    value: 1,
  })),
  { name: "a slow pattern", schema: { items: { pattern: SLOW_PATTERN } }, value: [LONG_RUN] },
  {
    name: "a slow pattern for the names of properties",
    schema: { patternProperties: { [SLOW_PATTERN]: { type: "string" } } },
    value: { [LONG_RUN]: 1 },
  },
  {
    name: "a slow pattern with a look-behind",
    schema: { pattern: "(?<=^((a+)c?)+)b" },
    value: `d${"a".repeat(40)}b`,
  },
  {
    name: "many patterns, each a little slow",
    schema: { allOf: Array.from({ length: 600 }, (_, index) => ({ pattern: `^(a|a)*${index}$` })) },
    value: "a".repeat(22),
  },
  {
    name: "a list whose elements must all differ",
    schema: { uniqueItems: true },
    value: Array.from({ length: 60_000 }, (_, index) => ({ index })),
  },
];

/** These end, in one way or another. */
export const HEAVY: readonly HostileCheck[] = [
  { name: "properties that fan out over 40 levels", schema: fanOut("properties", 40), value: { a: { b: { a: {} } } } },
  {
    name: "a value nested deep",
    schema: { anyOf: [{ type: "string" }, { type: "array", items: { $ref: "#" } }] },
    value: nested(5_000),
  },
  { name: "a value nested too deep for JSON", schema: { type: "array", items: { $ref: "#" } }, value: nested(200_000) },
  { name: "a reference to itself", schema: { $ref: "#" }, value: 1 },
  {
    name: "a reference to itself inside",
    schema: { properties: { a: { $ref: "#/properties/a" } } },
    value: { a: 1 },
  },
  {
    name: "thousands of parts",
    schema: { anyOf: Array.from({ length: 5_000 }, (_, index) => ({ const: index })) },
    value: -1,
  },
  {
    name: "a thousand references to a thousand properties",
    schema: {
      properties: Object.fromEntries(
        Array.from({ length: 1_000 }, (_, index) => [`p${index}`, { $ref: "#/$defs/all" }]),
      ),
      $defs: {
        all: { properties: Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`q${index}`, {}])) },
      },
    },
    value: {},
  },
  {
    name: "a million wrong elements",
    schema: { items: { type: "string" } },
    value: Array.from({ length: 1_000_000 }, () => 1),
  },
  { name: "a megabyte of text", schema: { items: { enum: ["a".repeat(300_000)] } }, value: ["b".repeat(1_000_000)] },
];
