import type { PageHead } from "./in-page.ts";

/** The head that a page told; undefined where it is none, which the gateway's own script never tells. */
export function readHead(told: string): PageHead | undefined {
  try {
    const head: unknown = JSON.parse(told);
    return isHead(head) ? head : undefined;
  } catch {
    return undefined;
  }
}

function isHead(value: unknown): value is PageHead {
  if (typeof value !== "object" || value === null || !("status" in value) || !("headers" in value)) return false;
  const { status, headers } = value;
  const isNamed = typeof headers === "object" && headers !== null;
  return Number.isInteger(status) && isNamed && Object.values(headers).every((header) => typeof header === "string");
}
