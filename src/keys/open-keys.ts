import { CombinedKeys, type ApiKeys, type ConfiguredKeys, type KeyLimits } from "../http/api-keys.ts";
import type { Log, Redaction } from "../observe/log.ts";
import type { Store } from "../store/store.ts";
import { MemoryCounters } from "./memory-counters.ts";
import { Quotas } from "./quotas.ts";
import { SharedCounters, type SharedCountersOptions } from "./shared-counters.ts";
import { StoredKeys } from "./stored-keys.ts";
import type { KeyCounters } from "./windows.ts";

/** The keys of callers: by their source, and all of them. */
export interface CallersKeys extends AsyncDisposable {
  readonly configuredKeys: ConfiguredKeys;
  readonly storedKeys: StoredKeys;
  readonly apiKeys: ApiKeys;
  readonly quotas: Quotas;
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
  const counters = opened.use(await countersOf(store, { log }));
  const stack = opened.move();
  return {
    configuredKeys,
    storedKeys,
    apiKeys: new CombinedKeys([configuredKeys, storedKeys]),
    quotas: new Quotas(counters),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Gateways that share a database count there together. @throws StoreError when what was used so far cannot be read. */
export async function countersOf(
  { keyUse, sharedKeyUse }: Pick<Store, "keyUse" | "sharedKeyUse">,
  options: SharedCountersOptions,
): Promise<KeyCounters> {
  return sharedKeyUse ? new SharedCounters(sharedKeyUse, options) : MemoryCounters.open(keyUse, options);
}
