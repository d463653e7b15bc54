import { z } from "zod";
import { GatewayError } from "../../../errors.ts";
import { checked } from "../../parameters.ts";
import type { Item } from "./item.ts";

/** Which of the items of a response are wanted, as https://platform.openai.com/docs/api-reference/responses/input-items names it. */
export const itemPageQuery = z.object({
  after: z.string().optional(),
  limit: z
    .string()
    .regex(/^\d{1,9}$/, { message: "a limit is an integer", abort: true })
    .transform(Number)
    .pipe(z.int().min(1).max(100))
    .default(20),
  order: z.enum(["asc", "desc"]).default("desc"),
});

export type ItemPageQuery = z.infer<typeof itemPageQuery>;

export interface ItemPage {
  readonly object: "list";
  readonly data: readonly Item[];
  readonly first_id: string | null;
  readonly last_id: string | null;
  readonly has_more: boolean;
}

/** @throws GatewayError that names the offending parameter. */
export function parseItemPage(query: unknown): ItemPageQuery {
  return checked(query, itemPageQuery).wanted;
}

export function toItemPage(items: readonly Item[], { after, limit, order }: ItemPageQuery): ItemPage {
  const ordered = order === "asc" ? items : items.toReversed();
  const start = after === undefined ? 0 : ordered.findIndex(({ id }) => id === after) + 1;
  if (after !== undefined && start === 0) {
    const message = `Item with id '${after.slice(0, 128)}' not found.`;
    throw new GatewayError("response_not_found", message, { param: "after" });
  }
  const data = ordered.slice(start, start + limit);
  return {
    object: "list",
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: start + limit < ordered.length,
  };
}
