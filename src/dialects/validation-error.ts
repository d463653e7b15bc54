import type { z } from "zod";
import { GatewayError } from "../errors.ts";

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** Messages quote at most so much of a caller's value. */
const QUOTED_CHARACTERS = 64;

/** The error for what the schema found wrong, as OpenAI words it. */
export function errorOfIssue(issue: Issue, parents: Path = []): GatewayError {
  const path = [...parents, ...issue.path];
  switch (issue.code) {
    case "invalid_type":
      return wrongType(path, [issue.expected], issue.input);
    case "invalid_value":
      return wrongValue(path, issue.values, issue.input);
    case "too_small":
    case "too_big":
      return wrongSize(path, issue);
    case "invalid_union":
      return wrongVariant(path, issue);
    case "unrecognized_keys":
      return unknownParam([...path, issue.keys[0] ?? ""]);
    case "invalid_format":
    case "not_multiple_of":
    case "invalid_key":
    case "invalid_element":
    case "custom":
    default:
      return new GatewayError("invalid_value", `Invalid '${pathText(path)}': ${issue.message}.`, {
        param: pathText(path),
      });
  }
}

/** `messages[1].role`, as OpenAI writes it. */
function pathText(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    return text === "" ? String(step) : `${text}.${String(step)}`;
  }, "");
}

function missing(param: string): GatewayError {
  return new GatewayError("missing_required_parameter", `Missing required parameter: '${param}'.`, { param });
}

function unknownParam(path: Path): GatewayError {
  const param = pathText(path);
  const shown = quoted(param);
  return new GatewayError("unknown_parameter", `Unknown parameter: '${shown}'.`, { param: shown });
}

function wrongType(path: Path, expected: readonly string[], input: unknown): GatewayError {
  const param = pathText(path);
  if (input === undefined) return missing(param);
  const wanted = expected.map(kindName);
  const list = wanted.length === 1 ? wanted.join("") : `one of ${wanted.join(" or ")}`;
  const message = `Invalid type for '${param}': expected ${list}, but got ${kindOf(input)} instead.`;
  return new GatewayError("invalid_type", message, { param });
}

function wrongValue(path: Path, values: readonly unknown[], input: unknown): GatewayError {
  if (typeof input !== "string") return wrongType(path, ["string"], input);
  const param = pathText(path);
  const message = `Invalid value: '${quoted(input)}'. Supported values are: ${listed(values)}.`;
  return new GatewayError("invalid_value", message, { param });
}

function wrongSize(path: Path, issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): GatewayError {
  const param = pathText(path);
  const isShort = issue.code === "too_small";
  const limit = String(isShort ? issue.minimum : issue.maximum);
  const input: unknown = issue.input;
  if (Array.isArray(input)) {
    if (input.length === 0) {
      const message = `Invalid '${param}': empty array. Expected an array with minimum length ${limit}, but got an empty array instead.`;
      return new GatewayError("empty_array", message, { param });
    }
    const message = `Invalid '${param}': array too long. Expected an array with maximum length ${limit}, but got an array with length ${input.length} instead.`;
    return new GatewayError("invalid_value", message, { param });
  }
  if (typeof input === "string") {
    const message = `Invalid '${param}': empty string. Expected a string with minimum length ${limit}, but got an empty string instead.`;
    return new GatewayError("invalid_value", message, { param });
  }
  const kind = Number.isInteger(input) ? "integer" : "decimal";
  const bound = isShort ? "below minimum" : "above maximum";
  const sign = isShort ? ">=" : "<=";
  const message = `Invalid '${param}': ${kind} ${bound} value. Expected a value ${sign} ${limit}, but got ${String(input)} instead.`;
  return new GatewayError("invalid_value", message, { param });
}

/** The caller meant the variant whose error lies inside the value. If there is none, the value fits no variant. */
function wrongVariant(path: Path, issue: z.core.$ZodIssueInvalidUnion): GatewayError {
  if ("discriminator" in issue && issue.errors.length === 0) {
    const { discriminator, input } = issue;
    const value: unknown = Reflect.get(Object(input), discriminator ?? "");
    return wrongValue(path, "options" in issue && Array.isArray(issue.options) ? issue.options : [], value);
  }
  const firsts = issue.errors.flatMap((variant) => variant.slice(0, 1));
  const meant = firsts.find((first) => first.path.length > 0) ?? firsts.find((first) => first.code !== "invalid_type");
  if (meant && !(meant.code === "invalid_value" && meant.path.length === 0 && typeof issue.input !== "string")) {
    return errorOfIssue(meant, path);
  }
  const expected = firsts.map((first) => (first.code === "invalid_type" ? first.expected : "string"));
  return wrongType(path, expected, issue.input);
}

function kindName(expected: string): string {
  if (expected === "int") return "an integer";
  if (expected === "number") return "a decimal";
  if (expected === "array") return "an array";
  if (expected === "object" || expected === "record") return "an object";
  return `a ${expected}`;
}

function kindOf(input: unknown): string {
  if (input === null) return "null";
  if (Array.isArray(input)) return "an array";
  if (typeof input === "number") return Number.isInteger(input) ? "an integer" : "a decimal";
  return kindName(typeof input);
}

function quoted(text: string): string {
  return text.length > QUOTED_CHARACTERS ? `${text.slice(0, QUOTED_CHARACTERS)}…` : text;
}

function listed(values: readonly unknown[]): string {
  const names = values.map((value) => `'${String(value)}'`);
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")}, and ${names.at(-1) ?? ""}`;
}
