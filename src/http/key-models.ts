import { modelNotFound } from "../dialects/parameters.ts";
import type { KeyIdentity } from "./api-keys.ts";

/**
 * A key may name its models as callers do or as the site does. As OpenAI words it, a model that a key may not use does not
 * exist for it.
 * @throws GatewayError `model_not_found`.
 */
export function refuseOtherModels(key: KeyIdentity | undefined, asked: string, serving: string): void {
  const { models } = key ?? {};
  if (models !== undefined && !models.includes(asked) && !models.includes(serving)) throw modelNotFound(asked);
}

/** The names that the key may ask for. */
export function modelsFor(key: KeyIdentity | undefined, names: readonly string[]): readonly string[] {
  return names.filter((name) => key?.models?.includes(name) ?? true);
}
