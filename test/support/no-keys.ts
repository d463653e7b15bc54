import { ConfiguredKeys } from "../../src/http/api-keys.ts";
import { MemoryQuotas } from "../../src/keys/memory-quotas.ts";
import { StoredKeys } from "../../src/keys/stored-keys.ts";

/** What the routes of keys need where a test stores none. */
export async function noKeys() {
  const store = {
    isShared: false,
    all: async () => [],
    save: async () => undefined,
    saveUse: async () => undefined,
    deleteRevokedBefore: async () => undefined,
  };
  const options = { defaultLimits: {}, onSecret: () => undefined, log: { warn: () => undefined } };
  return {
    configuredKeys: new ConfiguredKeys([]),
    storedKeys: await StoredKeys.open(store, options),
    quotas: await MemoryQuotas.open({ all: async () => [], save: async () => undefined }, options),
    alerts: { test: async () => [] },
    audit: () => undefined,
  };
}
