import { GatewayError } from "../errors.ts";
import type { JsonSchema, Tool } from "./ask.ts";

/** All tools of a request go into one prompt, and one thread checks them. */
const MAX_TOOLS = 512;
const MAX_SCHEMA_OBJECTS = 20_000;
const MAX_SCHEMA_CHARACTERS = 1_000_000;

/**
 * Runs before the body is parsed, because parsing would look at every tool.
 * @throws GatewayError that names the parameter, the number and the limit.
 */
export function refuseManyTools(body: object): void {
  for (const param of ["tools", "functions"]) {
    const given: unknown = Reflect.get(body, param);
    if (!Array.isArray(given) || given.length <= MAX_TOOLS) continue;
    const message = `Invalid '${param}': array too long. Expected an array with maximum length ${MAX_TOOLS}, but got an array with length ${given.length} instead.`;
    throw new GatewayError("invalid_value", message, { param });
  }
}

/** @throws GatewayError that names the parameter, the number and the limit. */
export function refuseLargeSchemas(tools: readonly Tool[]): void {
  const param = /^\w+/.exec(tools.find((tool) => tool.param)?.param ?? "tools")?.[0] ?? "tools";
  const schemas = tools.flatMap(({ parameters }) => (parameters ? [parameters] : []));
  refuseAbove(sumOf(schemas, objectsIn), { most: MAX_SCHEMA_OBJECTS, unit: "objects", param });
  refuseAbove(sumOf(schemas, charactersIn), { most: MAX_SCHEMA_CHARACTERS, unit: "characters", param });
}

interface Limit {
  readonly most: number;
  readonly unit: string;
  readonly param: string;
}

function refuseAbove(sum: number, { most, unit, param }: Limit): void {
  if (sum <= most) return;
  const message = `Invalid '${param}': all schemas together have ${sum} ${unit}. Up to ${most} are supported.`;
  throw new GatewayError("invalid_value", message, { param });
}

function sumOf(schemas: readonly JsonSchema[], sizeOf: (schema: JsonSchema) => number): number {
  return schemas.reduce((sum, schema) => sum + sizeOf(schema), 0);
}

function objectsIn(schema: JsonSchema): number {
  let objects = 0;
  const open: unknown[] = [schema];
  while (open.length > 0) {
    const node = open.pop();
    if (typeof node !== "object" || node === null) continue;
    objects += 1;
    for (const inner of Object.values(node)) open.push(inner);
  }
  return objects;
}

function charactersIn(schema: JsonSchema): number {
  return JSON.stringify(schema).length;
}
