import { StoredKeys, type StoredKeysOptions } from "../../src/keys/stored-keys.ts";
import type { Store } from "../../src/store/store.ts";
import { ADMIN_KEY } from "./api-key.ts";
import { storePlace, type Engine } from "./engines.ts";

/** Stored keys in a real database, which a test may close and open again. */
export interface KeyFolder {
  readonly stateDir: string;
  openStore(): Promise<Store>;
  /** All that is kept, for a search. */
  contents(): Promise<string>;
  /** What the log would keep out. */
  readonly secrets: string[];
  open(options?: Partial<StoredKeysOptions>): Promise<AsyncDisposable & { readonly keys: StoredKeys }>;
}

/** A place of the test's own. */
export async function keyFolder(engine: Engine = "SQLite"): Promise<KeyFolder> {
  const place = await storePlace(engine);
  const secrets: string[] = [];
  const onSecret = (secret: string): void => void secrets.push(secret);
  const plain = { defaultLimits: {}, onSecret, log: { warn: () => undefined } };
  return {
    stateDir: place.stateDir,
    openStore: () => place.open(),
    contents: () => place.contents(),
    secrets,
    open: async (options = {}) => {
      await using opened = new AsyncDisposableStack();
      const store = opened.use(await place.open());
      const keys = opened.use(await StoredKeys.open(store.apiKeys, { ...plain, ...options }));
      const stack = opened.move();
      return { keys, [Symbol.asyncDispose]: () => stack.disposeAsync() };
    },
  };
}

/** Calls the admin API as `curl` with the operator's key does. */
export function operatorOf(url: string, headers: Readonly<Record<string, string>> = {}) {
  return async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${url}/admin/api${path}`, {
      method,
      headers: { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json", ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Answered };
  };
}

export interface Answered {
  readonly [name: string]: unknown;
  readonly data: readonly Record<string, unknown>[];
  readonly nextCursor: string | null;
  readonly error: { readonly code: string; readonly param: string | null; readonly message: string };
}
