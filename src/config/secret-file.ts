import { randomUUID } from "node:crypto";
import { chmod, link, open, readFile, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { makeFolder } from "./make-folder.ts";

const OWNER_ONLY = 0o600;
const FOLDER_OWNER_ONLY = 0o700;
const OTHERS = 0o077;
/** Container engines mount secrets here, readable by the only user of the container. */
const MOUNTED_SECRETS = "/run/secrets/";

interface KeptSecret {
  /** Trimmed. Empty if the operator's file is empty. */
  readonly value: string;
  readonly isNew: boolean;
  /** Whether others could read it until now. */
  readonly wasOpen: boolean;
}

/**
 * Reads the secret in the file. If there is no file, makes one with a new secret, for its owner only. The file appears whole
 * or not at all, and two starts at the same moment get the same secret.
 * @throws NodeJS.ErrnoException when it can be neither read nor written.
 */
export async function readOrCreateSecret(path: string, make: () => string): Promise<KeptSecret> {
  await makeFolder(dirname(path), FOLDER_OWNER_ONLY);
  await tightenFolder(dirname(path));
  const kept = await readKept(path);
  if (kept) return kept;
  const draft = `${path}.${randomUUID()}`;
  try {
    await using file = await open(draft, "wx", OWNER_ONLY);
    const value = make();
    await file.writeFile(`${value}\n`);
    await file.sync();
    const isMine = await link(draft, path).then(
      () => true,
      (cause: NodeJS.ErrnoException) => {
        if (cause.code !== "EEXIST") throw cause;
        return false;
      },
    );
    if (isMine) return { value, isNew: true, wasOpen: false };
  } finally {
    await rm(draft, { force: true });
  }
  return (await readKept(path)) ?? { value: "", isNew: false, wasOpen: false };
}

async function readKept(path: string): Promise<KeptSecret | undefined> {
  try {
    const value = (await readFile(path, "utf8")).trim();
    return { value, isNew: false, wasOpen: await tighten(path, OWNER_ONLY) };
  } catch (cause) {
    if (causeCode(cause) === "ENOENT") return undefined;
    throw cause;
  }
}

/** Closes a folder to other users. A folder of another user is left as it is. */
export async function tightenFolder(path: string): Promise<void> {
  const { uid } = await stat(path);
  if (uid === process.getuid?.()) await tighten(path, FOLDER_OWNER_ONLY);
}

async function tighten(path: string, mode: number): Promise<boolean> {
  const isOpen = ((await stat(path)).mode & OTHERS) !== 0;
  if (isOpen) await chmod(path, mode);
  return isOpen;
}

/** A warning for each of the operator's files that other users can read, with the command that closes it. */
export async function openFileWarnings(paths: readonly string[]): Promise<string[]> {
  const warnings = await Promise.all(
    [...new Set(paths)].map(async (path) => {
      if (path.startsWith(MOUNTED_SECRETS)) return [];
      const found = await stat(path).catch(() => undefined);
      if (!found?.isFile() || (found.mode & OTHERS) === 0) return [];
      return [`${path} holds secrets and can be read by others: chmod 600 ${path}`];
    }),
  );
  return warnings.flat();
}

export function causeCode(cause: unknown): string {
  return (cause as NodeJS.ErrnoException).code ?? "?";
}
