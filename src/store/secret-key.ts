import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { causeCode, readOrCreateSecret } from "../config/secret-file.ts";
import { StoreError } from "./store-error.ts";

const FILE_NAME = "secret-key";
const MIN_CHARACTERS = 32;
const KEY_BYTES = 32;

/**
 * The key that seals what is stored: SECRET_KEY if configured, else the key in the file `secret-key` in STATE_DIR, else a new
 * one, which is written to that file for its owner only. The key is the UTF-8 of the trimmed text, so the content of the
 * file may become SECRET_KEY.
 * @throws StoreError `secret_key_unusable`, also for a text under 32 characters.
 */
export async function obtainSecretKey(stateDir: string, configured?: string): Promise<Buffer> {
  if (configured !== undefined) return keyFrom(configured, "SECRET_KEY");
  const path = secretKeyPath(stateDir);
  const { value } = await readOrCreateSecret(path, newSecretKey).catch((cause: unknown) => {
    const message = `The secret key in ${path} cannot be read or written (${causeCode(cause)}). Mend its rights or set SECRET_KEY.`;
    throw new StoreError("secret_key_unusable", message, { cause });
  });
  return keyFrom(value, path);
}

export function secretKeyPath(stateDir: string): string {
  return join(stateDir, FILE_NAME);
}

export function newSecretKey(): string {
  return randomBytes(KEY_BYTES).toString("base64url");
}

/** @throws StoreError `secret_key_unusable` naming the place, when the text is too short. */
export function keyFrom(text: string, place: string): Buffer {
  const trimmed = text.trim();
  if (trimmed.length >= MIN_CHARACTERS) return Buffer.from(trimmed);
  const message = `The secret key in ${place} has ${trimmed.length} characters; it needs ${MIN_CHARACTERS} or more.`;
  throw new StoreError("secret_key_unusable", message);
}
