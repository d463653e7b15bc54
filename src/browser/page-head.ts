import type { PageHead } from "./in-page.ts";

/** Parses the head of an answer; undefined if it is not one, which the gateway's own script never sends. */
export function readHead(message: string): PageHead | undefined {
  try {
    const head: unknown = JSON.parse(message);
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
