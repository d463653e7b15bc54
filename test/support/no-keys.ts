import { ConfiguredKeys } from "../../src/http/api-keys.ts";
import { StoredKeys } from "../../src/keys/stored-keys.ts";

/** What the routes of keys need where a test stores none. */
export async function noKeys() {
  const store = {
    all: async () => [],
    save: async () => undefined,
    saveUse: async () => undefined,
    deleteRevokedBefore: async () => undefined,
  };
  const options = { defaultLimits: {}, onSecret: () => undefined, log: { warn: () => undefined } };
  return {
    configuredKeys: new ConfiguredKeys([]),
    storedKeys: await StoredKeys.open(store, options),
    audit: () => undefined,
  };
}
