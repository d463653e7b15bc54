import { randomBytes } from "node:crypto";
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
  readonly setting: "API_MASTER_KEY" | "ADMIN_KEY";
  readonly fileName: string;
  readonly prefix: string;
}

const API: KeyKind = { setting: "API_MASTER_KEY", fileName: "api-key", prefix: "sk-gateway-" };
const ADMIN: KeyKind = { setting: "ADMIN_KEY", fileName: "admin-key", prefix: "sk-admin-" };
const KEY_BYTES = 32;

/**
 * The keys: the configured ones, else the ones in STATE_DIR, else new ones, which are written there for their owner only.
 * @throws ConfigError naming the file that cannot be used.
 */
export async function obtainKeys({ apiKey, adminKey, stateDir }: KeySettings): Promise<Keys> {
  return { api: await obtain(API, apiKey, stateDir), admin: await obtain(ADMIN, adminKey, stateDir) };
}

async function obtain(
  { setting, fileName, prefix }: KeyKind,
  given: string | undefined,
  stateDir: string,
): Promise<Key> {
  if (given !== undefined) return { value: given, isNew: false, warnings: [] };
  const path = join(stateDir, fileName);
  const make = (): string => `${prefix}${randomBytes(KEY_BYTES).toString("base64url")}`;
  const { value, isNew, wasOpen } = await readOrCreateSecret(path, make).catch((cause: unknown) => {
    const message = `The key in ${path} cannot be read or written (${causeCode(cause)}). Mend its rights or set ${setting}.`;
    throw new ConfigError(message, { cause });
  });
  if (value === "") throw new ConfigError(`The key in ${path} is empty. Remove the file, or set ${setting}.`);
  const warning = `${path} could be read by others; it is its owner's only now. Replace the key if somebody may have read it.`;
  return { value, isNew, warnings: wasOpen ? [warning] : [] };
}
