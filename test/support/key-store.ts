import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { StoredKeys, type StoredKeysOptions } from "../../src/keys/stored-keys.ts";
import { openStore } from "../../src/store/store.ts";
import { ADMIN_KEY } from "./api-key.ts";

/** Stored keys in a real database, which a test may close and open again. */
export interface KeyFolder {
  readonly stateDir: string;
  /** What the log would keep out. */
  readonly secrets: string[];
  open(options?: Partial<StoredKeysOptions>): Promise<AsyncDisposable & { readonly keys: StoredKeys }>;
}

/** A folder of the test's own. */
export async function keyFolder(): Promise<KeyFolder> {
  const stateDir = await mkdtemp(join(tmpdir(), "gptomni-keys-"));
  onTestFinished(() => rm(stateDir, { recursive: true, force: true }));
  const secrets: string[] = [];
  const onSecret = (secret: string): void => void secrets.push(secret);
  const plain = { defaultLimits: {}, onSecret, log: { warn: () => undefined } };
  return {
    stateDir,
    secrets,
    open: async (options = {}) => {
      await using opened = new AsyncDisposableStack();
      const store = opened.use(await openStore({ stateDir, secretKey: undefined }));
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
