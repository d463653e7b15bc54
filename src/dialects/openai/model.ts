/**
 * A model as both APIs list it: https://platform.openai.com/docs/api-reference/models/object and
 * https://docs.anthropic.com/en/api/models-list. Neither's clients mind the other's fields.
 */
export interface Model {
  readonly id: string;
  readonly object: "model";
  /** Unix time in seconds. */
  readonly created: number;
  readonly owned_by: string;
  readonly type: "model";
  readonly display_name: string;
  /** ISO 8601. */
  readonly created_at: string;
}

/** One page holds all. */
export interface ModelList {
  readonly object: "list";
  readonly data: readonly Model[];
  readonly has_more: false;
  readonly first_id: string | null;
  readonly last_id: string | null;
}

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
