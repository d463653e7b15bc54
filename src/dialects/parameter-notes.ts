import type { z } from "zod";

/** What becomes of parameters, as the API's description says it. docs/parameters.md says more. */

type Shape = Readonly<Record<string, z.ZodType>>;

export function ignoredParameters<T extends Shape>(shape: T): T {
  return described(shape, "Ignored: accepted without effect.");
}

export function emulatedParameters<T extends Shape>(shape: T): T {
  return described(shape, "Emulated over plain text.");
}

function described<T extends Shape>(shape: T, description: string): T {
  return Object.fromEntries(Object.entries(shape).map(([name, schema]) => [name, schema.describe(description)])) as T;
}
