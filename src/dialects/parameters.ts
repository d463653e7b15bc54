import type { z } from "zod";
import { GatewayError } from "../errors.ts";
import { errorOfIssue } from "./validation-error.ts";
import { refuseManyTools } from "../turn/tool-limits.ts";

/** An endpoint's parameters by how they are treated. Those that are neither ignored nor emulated are honoured or refused. */
export interface ParamGroups {
  /** Every parameter that is read. */
  readonly known: ReadonlySet<string>;
  readonly ignored: ReadonlySet<string>;
  readonly emulated: ReadonlySet<string>;
  /** A parameter with its default value asks for nothing, so it is not listed. */
  readonly defaults: Readonly<Record<string, readonly unknown[]>>;
}

export interface NotedParams {
  /** Names of parameters that were given and have no effect. */
  readonly ignoredParams: readonly string[];
  /** Names of parameters that the gateway imitates, since the site has nothing like them. */
  readonly emulatedParams: readonly string[];
}

/** Only one issue is reported, and a long list may have a hundred thousand. Zod's `validate` stops early too, but gives no value. */
const FIRST_ISSUE: z.core.ParseContextInternal<z.core.$ZodIssue> = { reportInput: true, abortEarly: true };

/** Names that may stand in a header, and how many of them. */
const LISTED_NAME = /^[a-z][\w.[\]-]{0,79}$/i;
const MAX_LISTED_NAMES = 32;

/** The names that a header may list: each once, and only those that may stand in one. */
export function listedNames(names: Iterable<string>): readonly string[] {
  return [...new Set(names)].filter((name) => LISTED_NAME.test(name)).slice(0, MAX_LISTED_NAMES);
}

/** The body, read by the schema. @throws GatewayError that names the first parameter that is wrong. */
export function checked<T extends object>(body: unknown, schema: z.ZodType<T>): { readonly given: object; wanted: T } {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new GatewayError("invalid_json", "The request body must be a JSON object.");
  }
  refuseManyTools(body);
  const parsed = schema.safeParse(body, FIRST_ISSUE);
  if (parsed.success) return { given: body, wanted: parsed.data };
  const [issue] = parsed.error.issues;
  throw issue ? errorOfIssue(issue) : new GatewayError("bad_request", "The request body is not valid.");
}

export function modelNotFound(model: string): GatewayError {
  const message = `The model '${model.slice(0, 128)}' does not exist or you do not have access to it.`;
  return new GatewayError("model_not_found", message, { param: "model" });
}

export function unsupportedParam(param: string): GatewayError {
  const message = `Unsupported parameter: '${param}' is not supported with this model.`;
  return new GatewayError("unsupported_parameter", message, { param });
}

/** Which of the parameters given have no effect, and which are imitated. */
export function noteParams(given: object, { known, ignored, emulated, defaults }: ParamGroups): NotedParams {
  // A caller may name a parameter `constructor`.
  const defaultsOf = (name: string) => (Object.hasOwn(defaults, name) ? defaults[name] : undefined);
  const names = Object.entries(given)
    .filter(([name, value]) => LISTED_NAME.test(name) && !asksNothing(value, defaultsOf(name)))
    .map(([name]) => name);
  return {
    ignoredParams: listedNames(names.filter((name) => ignored.has(name) || !known.has(name))),
    emulatedParams: names.filter((name) => emulated.has(name)),
  };
}

function asksNothing(value: unknown, defaults: readonly unknown[] | undefined): boolean {
  if (value === null || defaults?.includes(value)) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}
