import type { z } from "zod";
import type { modelListSchema, modelSchema } from "./answer-schema.ts";

export type Model = z.infer<typeof modelSchema>;
export type ModelList = z.infer<typeof modelListSchema>;

/** Nobody knows when a site's model was made; a constant keeps answers the same after a restart. */
const CREATED_SECONDS = 1_700_000_000;
const CREATED_AT = new Date(CREATED_SECONDS * 1_000).toISOString().replace(".000Z", "Z");

export function toModel(id: string): Model {
  const created = { created: CREATED_SECONDS, created_at: CREATED_AT };
  return { id, object: "model", owned_by: "gptomni-gateway", type: "model", display_name: id, ...created };
}

export function toModelList(ids: readonly string[]): ModelList {
  const data = [...new Set(ids)].map(toModel);
  return { object: "list", data, has_more: false, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
}
