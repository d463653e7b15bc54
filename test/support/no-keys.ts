import { ConfiguredKeys } from "../../src/http/api-keys.ts";
import { MemoryCounters } from "../../src/keys/memory-counters.ts";
import { Quotas } from "../../src/keys/quotas.ts";
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
    quotas: new Quotas(await MemoryCounters.open({ all: async () => [], save: async () => undefined }, options)),
    alerts: { test: async () => [] },
    audit: () => undefined,
  };
}
