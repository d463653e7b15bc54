import { z } from "zod";
import { GatewayError } from "../errors.ts";

/** The place of a row in a list, as a text that callers hand back. */
export function cursorOf(place: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(place)).toString("base64url");
}

/** Undefined without a cursor. @throws GatewayError `invalid_value` for a cursor that is none. */
export function placeIn<T>(cursor: string | undefined, place: z.ZodType<T>): T | undefined {
  if (cursor === undefined) return undefined;
  const parsed = place.safeParse(jsonOf(Buffer.from(cursor, "base64url").toString()));
  if (parsed.success) return parsed.data;
  throw new GatewayError("invalid_value", "Invalid 'cursor': expected the nextCursor of a page.", { param: "cursor" });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
