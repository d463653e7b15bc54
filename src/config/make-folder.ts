import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Makes a folder and its missing parents, each with this mode. Node's own `recursive` loops for ever if a folder exists but
 * answers ENOENT for everything in it, as folders of /proc and autofs do.
 * @throws the system's error, with its path
 */
export async function makeFolder(path: string, mode: number): Promise<void> {
  try {
    await makeOne(path, mode);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT" || dirname(path) === path) throw cause;
    await makeFolder(dirname(path), mode);
    await makeOne(path, mode);
  }
}

async function makeOne(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (cause) {
    const found = await stat(path).catch(() => undefined);
    if (!found?.isDirectory()) throw cause;
  }
}
