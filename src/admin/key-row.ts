import { z } from "zod";
import type { ConfiguredKeys, KeyIdentity } from "../http/api-keys.ts";
import type { Quotas } from "../keys/quotas.ts";
import type { StoredKeys } from "../keys/stored-keys.ts";
import type { StoredApiKey } from "../store/api-key-store.ts";
import { listOf, unixMs } from "./list.ts";

const MAX_LIMIT = 1_000_000_000_000;
const limit = z.int().min(1).max(MAX_LIMIT).optional();

export const keyLimits = z
  .strictObject({
    requestsPerMinute: limit,
    requestsPerDay: limit,
    tokensPerMinute: limit.meta({ description: "Of prompts and answers together." }),
    tokensPerDay: limit,
    parallel: limit.meta({ description: "Requests at the same time." }),
  })
  .meta({ id: "KeyLimits" });

const left = z.int().optional();

/** A key as its operator sees it. */
export const keyRow = z
  .object({
    id: z.string(),
    name: z.string(),
    source: z.enum(["settings", "console"]).meta({ description: "Keys of the settings cannot be changed here." }),
    prefix: z
      .string()
      .nullable()
      .meta({ description: "The first characters. Null for a key of the settings, of which nothing is shown." }),
    limits: keyLimits.meta({ description: "What the key may use. A limit that is absent does not exist." }),
    hasOwnLimits: z.boolean().meta({ description: "False if the limits are those of KEY_RATE_LIMIT." }),
    models: z.array(z.string()).nullable().meta({ description: "What it may ask for; null if every model." }),
    createdAt: unixMs.nullable(),
    expiresAt: unixMs.nullable(),
    remaining: z
      .object({
        requestsPerMinute: left,
        requestsPerDay: left,
        tokensPerMinute: left,
        tokensPerDay: left,
        parallel: left,
      })
      .meta({ id: "KeyRemaining", description: "What is left of each limit." }),
    lastUsedAt: unixMs.nullable().meta({ description: "For a key of the settings: since the start." }),
  })
  .meta({ id: "ApiKey" });

export const keyListSchema = listOf(keyRow).meta({ id: "ApiKeyList" });
export const newKeySchema = keyRow
  .extend({ key: z.string().meta({ description: "The secret. It is shown this once." }) })
  .meta({ id: "NewApiKey" });

export type KeyRow = z.infer<typeof keyRow>;

export interface KeySources {
  readonly configuredKeys: ConfiguredKeys;
  readonly storedKeys: StoredKeys;
  readonly quotas: Pick<Quotas, "remaining">;
}

export async function rowsOf(sources: KeySources): Promise<readonly KeyRow[]> {
  const { configuredKeys, storedKeys, quotas } = sources;
  const configured = configuredKeys.all.map(async (key): Promise<KeyRow> => ({
    ...(await shared(key, quotas)),
    source: "settings",
    prefix: null,
    hasOwnLimits: false,
    createdAt: null,
    expiresAt: null,
    lastUsedAt: configuredKeys.usedAt(key.keyId) ?? null,
  }));
  return Promise.all([...configured, ...storedKeys.all.map((key) => storedRow(key, sources))]);
}

export async function storedRow(
  key: StoredApiKey,
  { storedKeys, quotas }: Pick<KeySources, "storedKeys" | "quotas">,
): Promise<KeyRow> {
  return {
    ...(await shared(storedKeys.identityOf(key), quotas)),
    source: "console",
    prefix: key.prefix,
    hasOwnLimits: Object.keys(key.limits).length > 0,
    createdAt: key.createdAt,
    expiresAt: key.expiresAt ?? null,
    lastUsedAt: storedKeys.usedAt(key) ?? null,
  };
}

async function shared(key: KeyIdentity, quotas: KeySources["quotas"]) {
  const { keyId: id, name, limits, models } = key;
  return {
    id,
    name,
    limits,
    models: models === undefined ? null : [...models],
    remaining: await quotas.remaining(key),
  };
}
