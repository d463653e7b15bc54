import { randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "./config.ts";

export interface ApiKey {
  readonly value: string;
  /** Generated just now: its owner has not seen it yet. */
  readonly isNew: boolean;
  readonly warnings: readonly string[];
}

const FILE_NAME = "api-key";
const KEY_BYTES = 32;
const OWNER_ONLY = 0o600;

/** The API's key: as configured, else as kept in STATE_DIR, else a new one that is kept there for its owner only. */
export async function obtainApiKey(config: Pick<Config, "apiKey" | "stateDir">): Promise<ApiKey> {
  if (config.apiKey !== undefined) return { value: config.apiKey, isNew: false, warnings: [] };
  const path = join(config.stateDir, FILE_NAME);
  const kept = await readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return undefined;
    throw new Error(`The API key in ${path} cannot be read (${cause.code}). Mend its rights or set API_MASTER_KEY.`);
  });
  if (kept !== undefined && kept.trim() !== "") {
    return { value: kept.trim(), isNew: false, warnings: await tighten(path) };
  }
  const value = `sk-gateway-${randomBytes(KEY_BYTES).toString("base64url")}`;
  await mkdir(config.stateDir, { recursive: true, mode: 0o700 });
  await writeFile(path, `${value}\n`, { mode: OWNER_ONLY });
  return { value, isNew: true, warnings: [] };
}

async function tighten(path: string): Promise<string[]> {
  const { mode } = await stat(path);
  if ((mode & 0o077) === 0) return [];
  await chmod(path, OWNER_ONLY);
  return [`${path} could be read by others; it is its owner's only now. Replace the key if somebody may have read it.`];
}
