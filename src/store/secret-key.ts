import { randomBytes, randomUUID } from "node:crypto";
import { chmod, link, mkdir, open, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { StoreError } from "./store-error.ts";

const FILE_NAME = "secret-key";
const MIN_CHARACTERS = 32;
const KEY_BYTES = 32;
const OWNER_ONLY = 0o600;

/**
 * The key that seals what is stored: SECRET_KEY as configured, else as kept in `secret-key` in STATE_DIR, else a new one
 * that is kept there for its owner only. The key is the UTF-8 of the text, white space around it left out, so what the
 * file holds may become SECRET_KEY. Throws StoreError `secret_key_unusable`, also for a text under 32 characters.
 */
export async function obtainSecretKey(stateDir: string, configured?: string): Promise<Buffer> {
  if (configured !== undefined) return keyFrom(configured, "SECRET_KEY");
  const path = join(stateDir, FILE_NAME);
  try {
    const kept = await readKept(path);
    if (kept !== undefined) return keyFrom(kept, path);
    await mkdir(stateDir, { recursive: true, mode: 0o700 });
    await writeNew(path);
    return keyFrom(await readFile(path, "utf8"), path);
  } catch (cause) {
    if (cause instanceof StoreError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    const message = `The secret key in ${path} cannot be read or written (${code}). Mend its rights or set SECRET_KEY.`;
    throw new StoreError("secret_key_unusable", message, { cause });
  }
}

function keyFrom(text: string, place: string): Buffer {
  const trimmed = text.trim();
  if (trimmed.length >= MIN_CHARACTERS) return Buffer.from(trimmed);
  const message = `The secret key in ${place} has ${trimmed.length} characters; it needs ${MIN_CHARACTERS} or more.`;
  throw new StoreError("secret_key_unusable", message);
}

async function readKept(path: string): Promise<string | undefined> {
  const kept = await readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return undefined;
    throw cause;
  });
  if (kept !== undefined && ((await stat(path)).mode & 0o077) !== 0) await chmod(path, OWNER_ONLY);
  return kept;
}

/** Appears whole or not at all, and never replaces the key of another start at the same moment: that one counts then. */
async function writeNew(path: string): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  try {
    await using file = await open(draft, "wx", OWNER_ONLY);
    await file.writeFile(`${randomBytes(KEY_BYTES).toString("base64url")}\n`);
    await file.sync();
    await link(draft, path).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code !== "EEXIST") throw cause;
    });
  } finally {
    await rm(draft, { force: true });
  }
}
