import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError } from "./config.ts";
import { causeCode, readOrCreateSecret } from "./secret-file.ts";

export interface Key {
  readonly value: string;
  /** It was generated at this start, so nobody has seen it yet. */
  readonly isNew: boolean;
  readonly warnings: readonly string[];
}

export interface Keys {
  /** The key of clients. */
  readonly api: Key;
  /** The key of the operator. */
  readonly admin: Key;
}

export interface KeySettings {
  readonly apiKey: string | undefined;
  readonly adminKey: string | undefined;
  readonly stateDir: string;
}

interface KeyKind {
  readonly setting: "API_MASTER_KEY" | "ADMIN_KEY" | "BROWSER_SERVER_TOKEN";
  readonly fileName: string;
  readonly prefix: string;
}

const API: KeyKind = { setting: "API_MASTER_KEY", fileName: "api-key", prefix: "sk-gateway-" };
const ADMIN: KeyKind = { setting: "ADMIN_KEY", fileName: "admin-key", prefix: "sk-admin-" };
const BROWSER_TOKEN: KeyKind = { setting: "BROWSER_SERVER_TOKEN", fileName: "browser-token", prefix: "browsers-" };
const KEY_BYTES = 32;

/** Keeps the secrets that replicas share. */
export interface SecretKeeper {
  obtain(name: string, make: () => string): Promise<{ readonly value: string; readonly isNew: boolean }>;
}

/**
 * The keys: the configured ones, else those that are kept, else new ones. They are kept by `shared` where replicas share them,
 * else in STATE_DIR, in files for their owner only; the first keys that are shared are those of STATE_DIR, if there are any.
 * @throws ConfigError naming the file that cannot be used.
 */
export async function obtainKeys({ apiKey, adminKey, stateDir }: KeySettings, shared?: SecretKeeper): Promise<Keys> {
  const place = { stateDir, shared };
  return { api: await obtain(API, apiKey, place), admin: await obtain(ADMIN, adminKey, place) };
}

interface Place {
  readonly stateDir: string;
  readonly shared: SecretKeeper | undefined;
}

/** The token of the browser server, as the keys. @throws ConfigError naming the file that cannot be used. */
export function obtainBrowserToken(given: string | undefined, stateDir: string): Promise<Key> {
  return obtain(BROWSER_TOKEN, given, { stateDir, shared: undefined });
}

async function obtain(kind: KeyKind, given: string | undefined, { stateDir, shared }: Place): Promise<Key> {
  if (given !== undefined) return { value: given, isNew: false, warnings: [] };
  const { setting, fileName, prefix } = kind;
  const path = join(stateDir, fileName);
  const make = (): string => `${prefix}${randomBytes(KEY_BYTES).toString("base64url")}`;
  if (shared) {
    const kept = await readFile(path, "utf8").then(
      (text) => text.trim(),
      () => "",
    );
    return { ...(await shared.obtain(fileName, () => kept || make())), warnings: [] };
  }
  const { value, isNew, wasOpen } = await readOrCreateSecret(path, make).catch((cause: unknown) => {
    const message = `The key in ${path} cannot be read or written (${causeCode(cause)}). Mend its rights or set ${setting}.`;
    throw new ConfigError(message, { cause });
  });
  if (value === "") throw new ConfigError(`The key in ${path} is empty. Remove the file, or set ${setting}.`);
  const warning = `${path} could be read by others; it is its owner's only now. Replace the key if somebody may have read it.`;
  return { value, isNew, warnings: wasOpen ? [warning] : [] };
}
