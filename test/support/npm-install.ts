import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const LIMIT_MS = 900_000;

/** CLIENTS_DIR, else a folder in the user's cache: never this repository. */
function cacheFolder(): string {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  return process.env["CLIENTS_DIR"] ?? join(cache, "gptomni-gateway", "clients");
}

/**
 * Installs the packages from npm, unless they are there, and gives their folder. `flags`: more of npm's.
 * @throws with npm's own reason.
 */
export async function install(packages: readonly string[], flags: readonly string[] = []): Promise<string> {
  const name = packages.join("+").replaceAll("/", "_");
  const folder = join(cacheFolder(), name);
  if (existsSync(folder)) return folder;
  const unfinished = `${folder}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  tell(`installing ${packages.join(", ")}…`);
  const startedAt = performance.now();
  const args = [
    "install",
    "--prefix",
    unfinished,
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
    ...flags,
    ...packages,
  ];
  try {
    await promisify(execFile)("npm", args, { timeout: LIMIT_MS, maxBuffer: 64 * 1024 * 1024 });
  } catch (cause) {
    await rm(unfinished, { recursive: true, force: true });
    const { stderr = "" } = cause as { stderr?: string };
    throw new Error(`npm could not install ${packages.join(", ")}: ${stderr.trim() || String(cause)}`, { cause });
  }
  await rename(unfinished, folder);
  tell(`installed ${packages[0]} in ${Math.round((performance.now() - startedAt) / 1000)} s`);
  return folder;
}

export function tell(line: string): void {
  process.stderr.write(`tests: ${line}\n`);
}
