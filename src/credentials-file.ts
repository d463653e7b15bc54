import { readFile } from "node:fs/promises";
import { unwatchFile, watchFile } from "node:fs";
import { ConfigError } from "./config.ts";
import { credentials, type Credential } from "./credentials.ts";

/** Looked at so often: folders that are mounted into a container tell of no change by themselves. */
const LOOK_EVERY_MS = 1_000;

/**
 * The accounts in a file, in the form of GPTOMNI_CREDENTIALS.
 * @throws ConfigError that names the file and what is wrong with it, never what stands in it.
 */
export async function readCredentialsFile(path: string): Promise<readonly Credential[]> {
  const text = await readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    throw new ConfigError(`CREDENTIALS_FILE: ${path} cannot be read (${cause.code ?? "?"}).`, { cause });
  });
  const parsed = credentials.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new ConfigError(`CREDENTIALS_FILE: expected in ${path} ${parsed.error.issues[0]?.message ?? "accounts"}.`);
}

/** Calls back after each change of the file, until disposed. */
export function watchCredentialsFile(path: string, onChange: () => void): Disposable {
  watchFile(path, { interval: LOOK_EVERY_MS, persistent: false }, onChange);
  return { [Symbol.dispose]: () => unwatchFile(path, onChange) };
}
