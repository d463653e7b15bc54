import { randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "./config.ts";

export interface Key {
  readonly value: string;
  /** Generated just now: its owner has not seen it yet. */
  readonly isNew: boolean;
  readonly warnings: readonly string[];
}

export interface Keys {
  /** What clients show. */
  readonly api: Key;
  /** What the operator shows. */
  readonly admin: Key;
}

interface KeyKind {
  readonly setting: "API_MASTER_KEY" | "ADMIN_KEY";
  readonly fileName: string;
  readonly prefix: string;
}

const API: KeyKind = { setting: "API_MASTER_KEY", fileName: "api-key", prefix: "sk-gateway-" };
const ADMIN: KeyKind = { setting: "ADMIN_KEY", fileName: "admin-key", prefix: "sk-admin-" };
const KEY_BYTES = 32;
const OWNER_ONLY = 0o600;

/** The keys: as configured, else as kept in STATE_DIR, else new ones that are kept there for their owner only. */
export async function obtainKeys({
  apiKey,
  adminKey,
  stateDir,
}: Pick<Config, "apiKey" | "adminKey" | "stateDir">): Promise<Keys> {
  return { api: await obtain(API, apiKey, stateDir), admin: await obtain(ADMIN, adminKey, stateDir) };
}

async function obtain(
  { setting, fileName, prefix }: KeyKind,
  given: string | undefined,
  stateDir: string,
): Promise<Key> {
  if (given !== undefined) return { value: given, isNew: false, warnings: [] };
  const path = join(stateDir, fileName);
  const kept = await readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return undefined;
    throw new Error(`The key in ${path} cannot be read (${cause.code}). Mend its rights or set ${setting}.`);
  });
  if (kept !== undefined && kept.trim() !== "") {
    return { value: kept.trim(), isNew: false, warnings: await tighten(path) };
  }
  const value = `${prefix}${randomBytes(KEY_BYTES).toString("base64url")}`;
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  await writeFile(path, `${value}\n`, { mode: OWNER_ONLY });
  return { value, isNew: true, warnings: [] };
}

async function tighten(path: string): Promise<string[]> {
  const { mode } = await stat(path);
  if ((mode & 0o077) === 0) return [];
  await chmod(path, OWNER_ONLY);
  return [`${path} could be read by others; it is its owner's only now. Replace the key if somebody may have read it.`];
}
