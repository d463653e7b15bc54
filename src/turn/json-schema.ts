import { Ajv, type ErrorObject, type Options, type ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import type { JsonSchema } from "./ask.ts";
import { boundedPattern } from "./pattern.ts";

/** Compiling holds up the event loop, a tenth of a millisecond for each schema within the schema. */
const MAX_OBJECTS = 3_000;
const MAX_DEPTH = 100;
const MAX_CHARACTERS = 200_000;
/** Agents send the same tools in every turn. */
const MAX_REMEMBERED = 256;
const MAX_NAMED_VIOLATIONS = 8;

const OPTIONS: Options = {
  strict: false,
  logger: false,
  allErrors: true,
  code: { regExp: boundedPattern },
};
type Draft = typeof Ajv | typeof Ajv2020;
/** One for each draft tells whether a schema is one. They never compile a caller's schema: Ajv keeps what it compiled. */
const judges = new Map<Draft, InstanceType<Draft>>();

const bySchema = new WeakMap<JsonSchema, Checker>();
const byText = new Map<string, Checker>();

/** Says what is wrong with a value; nothing when it meets the schema. */
export type Checker = (value: unknown) => readonly string[];

/**
 * A schema of draft 7 or 2020-12, compiled.
 * @throws Error that says why it cannot be.
 */
export function checkerOf(schema: JsonSchema): Checker {
  const known = bySchema.get(schema);
  if (known) return known;
  try {
    const text = bounded(schema);
    const checker = byText.get(text) ?? compile(schema);
    remember(text, checker);
    bySchema.set(schema, checker);
    return checker;
  } catch (cause) {
    const why = cause instanceof RangeError ? "it refers to itself without end" : reasonOf(cause);
    throw new Error(why, { cause });
  }
}

/** The one used longest ago is forgotten first. */
function remember(text: string, checker: Checker): void {
  byText.delete(text);
  byText.set(text, checker);
  const [oldest] = byText.keys();
  if (byText.size > MAX_REMEMBERED && oldest !== undefined) byText.delete(oldest);
}

function bounded(schema: JsonSchema): string {
  let objects = 0;
  const walk = (node: unknown, depth: number): void => {
    if (typeof node !== "object" || node === null) return;
    objects += 1;
    if (objects > MAX_OBJECTS) throw new Error(`it has more than ${MAX_OBJECTS} objects`);
    if (depth > MAX_DEPTH) throw new Error(`it is nested more than ${MAX_DEPTH} levels deep`);
    // Such a schema is checked by a promise, which would pass for a yes.
    if ("$async" in node) throw new Error("it has '$async'");
    for (const child of Object.values(node)) walk(child, depth + 1);
  };
  walk(schema, 0);
  const text = JSON.stringify(schema);
  if (text.length > MAX_CHARACTERS) throw new Error(`it has more than ${MAX_CHARACTERS} characters`);
  return text;
}

function compile(schema: JsonSchema): Checker {
  const { $schema: named, ...rest } = schema;
  if (typeof named === "string") return compileAs(/draft-0\d/.test(named) ? Ajv : Ajv2020, rest);
  try {
    return compileAs(Ajv2020, rest);
  } catch (cause) {
    // Lists of `items` are of draft 7, and seldom do such schemas say so.
    try {
      return compileAs(Ajv, rest);
    } catch {
      throw cause;
    }
  }
}

function compileAs(draft: Draft, schema: JsonSchema): Checker {
  let judge = judges.get(draft);
  if (!judge) judges.set(draft, (judge = new draft(OPTIONS)));
  if (judge.validateSchema(schema) !== true) {
    const [error] = judge.errors ?? [];
    throw new Error(`'${error?.instancePath ?? ""}' ${error?.message ?? "is no schema"}`);
  }
  // Without the meta-schemas there is nothing that a `$id` could take the place of.
  const ajv = new draft({ ...OPTIONS, meta: false, validateSchema: false });
  formats.default(ajv);
  const validate = ajv.compile(schema);
  // A schema that is its own first step shows with any value.
  violationsOf(validate, {});
  return (value) => {
    try {
      return violationsOf(validate, value);
    } catch (cause) {
      if (cause instanceof RangeError) return ["the value is nested too deep"];
      throw cause;
    }
  };
}

function violationsOf(validate: ValidateFunction, value: unknown): readonly string[] {
  if (validate(value)) return [];
  const errors = validate.errors ?? [];
  const named = errors.slice(0, MAX_NAMED_VIOLATIONS).map(violation);
  return errors.length > named.length ? [...named, `and ${errors.length - named.length} more`] : named;
}

function violation({ instancePath, message, params }: ErrorObject): string {
  const more = [params["additionalProperty"], params["allowedValues"], params["allowedValue"]]
    .filter((param) => param !== undefined)
    .map((param) => ` (${JSON.stringify(param)})`);
  return `${instancePath === "" ? "the whole value" : instancePath} ${message ?? "is not right"}${more.join("")}`;
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message.slice(0, 300) : "it cannot be compiled";
}
