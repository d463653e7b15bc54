import { z } from "zod";
import { GatewayError } from "../errors.ts";

/** How every list of the admin API is read. */
export const listQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50).meta({ description: "How many rows at most." }),
  cursor: z.string().max(512).optional().meta({ description: "`nextCursor` of the page before." }),
});

export type ListQuery = z.infer<typeof listQuery>;

export const unixMs = z.int().meta({ description: "Unix time in milliseconds." });

/** A page of rows. */
export function listOf<T extends z.ZodType>(row: T) {
  return z.object({
    object: z.literal("list"),
    data: z.array(row),
    nextCursor: z.string().nullable().meta({ description: "For the next page; null on the last one." }),
  });
}

/**
 * The page of rows that are in memory, in the order of `placeOf`, which no two rows share.
 * @throws GatewayError `invalid_value` for a cursor that is none.
 */
export function pageOf<T>(rows: readonly T[], { limit, cursor }: ListQuery, placeOf: (row: T) => string) {
  const after = cursor === undefined ? "" : placeIn(cursor);
  const placed = rows.map((row) => ({ row, place: placeOf(row) }));
  const rest = placed.filter(({ place }) => place > after).toSorted((one, other) => (one.place < other.place ? -1 : 1));
  const last = rest[limit - 1];
  return {
    object: "list" as const,
    data: rest.slice(0, limit).map(({ row }) => row),
    nextCursor: last && rest.length > limit ? Buffer.from(last.place).toString("base64url") : null,
  };
}

function placeIn(cursor: string): string {
  const bytes = Buffer.from(cursor, "base64url");
  if (bytes.length > 0 && bytes.toString("base64url") === cursor) return bytes.toString();
  throw new GatewayError("invalid_value", "Invalid 'cursor': expected the nextCursor of a page.", { param: "cursor" });
}
