/** A model as `GET /v1/models` lists it. */
export interface Model {
  readonly id: string;
  readonly object: "model";
  readonly created: number;
  readonly owned_by: string;
}

/** Nobody knows when a site's model was made; a constant keeps answers the same after a restart. */
const CREATED_SECONDS = 1_700_000_000;

export function toModel(id: string): Model {
  return { id, object: "model", created: CREATED_SECONDS, owned_by: "gptomni-gateway" };
}

export function toModelList(ids: readonly string[]): { readonly object: "list"; readonly data: readonly Model[] } {
  return { object: "list", data: [...new Set(ids)].map(toModel) };
}
