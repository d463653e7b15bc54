import { type ErrorObject, type Options, type ValidateFunction } from "ajv";
import { Ajv2019 } from "ajv/dist/2019.js";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { dropReferences, hasListOfItems, modernise } from "./json-schema-versions.ts";
import { patternOf } from "./pattern.ts";
import { isObject, type JsonObject } from "./shapes.ts";

/** How often a schema is compiled again, each time without one more broken reference. */
const MAX_ATTEMPTS = 20;
const MAX_NAMED_VIOLATIONS = 8;
const MAX_NAMED_PARTS = 3;
const MAX_VIOLATION_CHARACTERS = 500;
/** A value that is not this deep exhausts the stack only with a schema that refers to itself endlessly. */
const DEEP_LEVELS = 500;

const ANYTHING = /(?:)/;
const OPTIONS: Options = {
  strict: false,
  logger: false,
  allErrors: true,
  // Without the meta-schemas, a `$id` cannot replace one of them.
  meta: false,
  validateSchema: false,
  // Each definition is compiled once, however often it is referred to.
  inlineRefs: false,
  // 19.99 is a multiple of 0.01, though not in binary.
  multipleOfPrecision: 6,
  // Optimised code takes three times as long to generate, and most of it runs only once.
  code: {
    optimize: false,
    regExp: Object.assign((source: string) => patternOf(source) ?? ANYTHING, { code: "patternOf" }),
  },
};

/** What a check found. */
export interface CheckOutcome {
  /** The parts of the schema that were not checked, and why; undefined if all were checked. */
  readonly unchecked: string | undefined;
  /** What is wrong with the value, as texts for the model. */
  readonly violations: readonly string[];
}

/** A schema, compiled as far as possible. Compiling and checking have no time limit: run them in the worker thread only. */
export class CompiledSchema {
  readonly #validate: ValidateFunction | undefined;
  readonly unchecked: string | undefined;

  constructor(schema: unknown) {
    const problems: string[] = [];
    try {
      this.#validate = isObject(schema) ? compiled(schema, problems) : undefined;
      // A schema that refers to itself endlessly fails on any value, so try one now.
      this.#validate?.({});
    } catch (cause) {
      this.#validate = undefined;
      problems.unshift(cause instanceof RangeError ? "it refers to itself without end" : reasonOf(cause));
    }
    const named = problems.slice(0, MAX_NAMED_PARTS).map(shortened);
    if (problems.length > named.length) named.push(`and ${problems.length - named.length} more`);
    this.unchecked = named.length === 0 ? undefined : named.join(", ");
  }

  check(value: unknown): CheckOutcome {
    const { unchecked } = this;
    try {
      if (!this.#validate || this.#validate(value)) return { unchecked, violations: [] };
      return { unchecked, violations: violationsOf(this.#validate.errors ?? []) };
    } catch (cause) {
      if (!(cause instanceof RangeError)) return { unchecked: reasonOf(cause), violations: [] };
      if (isDeep(value)) return { unchecked, violations: ["the value is nested too deep"] };
      return { unchecked: "it refers to itself without end", violations: [] };
    }
  }
}

function compiled(schema: JsonObject, problems: string[]): ValidateFunction {
  problems.push(...modernise(schema).map((path) => `'${path}' is not known to JSON Schema here`));
  const draft = hasListOfItems(schema) ? Ajv2019 : Ajv2020;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const ajv = new draft(OPTIONS);
      formats.default(ajv);
      return ajv.compile(schema);
    } catch (cause) {
      if (cause instanceof RangeError || attempt === MAX_ATTEMPTS) throw cause;
      const reference = /^can't resolve reference ([^]+) from id/.exec(reasonOf(cause))?.[1];
      if (reference === undefined && attempt > 1) throw cause;
      // If no reference is broken, a name appears twice or is no valid address.
      dropReferences(schema, reference);
      if (reference !== undefined) problems.push(`the reference '${reference}' leads nowhere`);
    }
  }
}

function violationsOf(errors: readonly ErrorObject[]): readonly string[] {
  const named = errors.slice(0, MAX_NAMED_VIOLATIONS).map(violation);
  return errors.length > named.length ? [...named, `and ${errors.length - named.length} more`] : named;
}

function violation({ instancePath, message, params }: ErrorObject): string {
  const more = [params["additionalProperty"], params["allowedValues"], params["allowedValue"]]
    .filter((param) => param !== undefined)
    .map((param) => ` (${JSON.stringify(param)})`);
  return shortened(
    `${instancePath === "" ? "the whole value" : instancePath} ${message ?? "is not right"}${more.join("")}`,
  );
}

function shortened(text: string): string {
  return text.length > MAX_VIOLATION_CHARACTERS ? `${text.slice(0, MAX_VIOLATION_CHARACTERS)}…` : text;
}

function isDeep(value: unknown): boolean {
  let level = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > DEEP_LEVELS) return true;
    level = level.flatMap((inner) => (typeof inner === "object" && inner !== null ? Object.values(inner) : []));
  }
  return false;
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : "it cannot be compiled";
}
