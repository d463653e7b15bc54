import { CombinedKeys, type ApiKeys, type ConfiguredKeys } from "../http/api-keys.ts";
import type { Log, Redaction } from "../observe/log.ts";
import type { Store } from "../store/store.ts";
import { StoredKeys } from "./stored-keys.ts";

/** The keys of callers: by their source, and all of them. */
export interface CallersKeys extends AsyncDisposable {
  readonly configuredKeys: ConfiguredKeys;
  readonly storedKeys: StoredKeys;
  readonly apiKeys: ApiKeys;
}

/** The keys of the settings, and those that are stored. @throws StoreError when these cannot be read. */
export async function openKeys(
  store: Store,
  configuredKeys: ConfiguredKeys,
  { redaction, log }: { readonly redaction: Redaction; readonly log: Log },
): Promise<CallersKeys> {
  const onSecret = (secret: string): void => redaction.add([secret]);
  const storedKeys = await StoredKeys.open(store.apiKeys, { defaultLimits: {}, onSecret, log });
  return {
    configuredKeys,
    storedKeys,
    apiKeys: new CombinedKeys([configuredKeys, storedKeys]),
    [Symbol.asyncDispose]: () => storedKeys[Symbol.asyncDispose](),
  };
}
