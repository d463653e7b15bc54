import { CombinedKeys, type ApiKeys, type ConfiguredKeys, type KeyLimits } from "../http/api-keys.ts";
import type { Log, Redaction } from "../observe/log.ts";
import type { Store } from "../store/store.ts";
import { MemoryQuotas } from "./memory-quotas.ts";
import { StoredKeys } from "./stored-keys.ts";

/** The keys of callers: by their source, and all of them. */
export interface CallersKeys extends AsyncDisposable {
  readonly configuredKeys: ConfiguredKeys;
  readonly storedKeys: StoredKeys;
  readonly apiKeys: ApiKeys;
  readonly quotas: MemoryQuotas;
}

export interface OpenKeysParts {
  /** Of each key that has no limits of its own. */
  readonly defaultLimits: KeyLimits;
  /** Learns each secret, to keep it out of the log. */
  readonly redaction: Redaction;
  readonly log: Log;
}

/** The keys of the settings, and those that are stored. @throws StoreError when these cannot be read. */
export async function openKeys(
  store: Store,
  configuredKeys: ConfiguredKeys,
  { defaultLimits, redaction, log }: OpenKeysParts,
): Promise<CallersKeys> {
  const onSecret = (secret: string): void => redaction.add([secret]);
  await using opened = new AsyncDisposableStack();
  const storedKeys = opened.use(await StoredKeys.open(store.apiKeys, { defaultLimits, onSecret, log }));
  opened.use(store.changes.subscribe("api_keys", () => storedKeys.reload()));
  const quotas = opened.use(await MemoryQuotas.open(store.keyUse, { log }));
  const stack = opened.move();
  return {
    configuredKeys,
    storedKeys,
    apiKeys: new CombinedKeys([configuredKeys, storedKeys]),
    quotas,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
