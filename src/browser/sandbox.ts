import { randomInt } from "node:crypto";
import { chmod, cp, mkdir, realpath, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { isPassable } from "../process/temp-dir.ts";
import { browserEnvironment, strangerEnvironment } from "./environment.ts";
import type { Confinement } from "./provider.ts";

/** A command that starts Chromium with a confinement. */
export interface Launcher {
  readonly executablePath: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A range that no system assigns to users: https://systemd.io/UIDS-GIDS/ */
const FIRST_USER_ID = 60_578;
const LAST_USER_ID = 61_183;

const IS_ROOT = process.getuid?.() === 0;

/**
 * The confinements to try, best first. Chromium does not run its sandbox as root, so as root each browser gets its own
 * user: an attacker who breaks into a browser can read neither the gateway's files nor another browser.
 */
export function confinements(mustBeSandboxed: boolean): readonly [Confinement, ...Confinement[]] {
  if (!IS_ROOT) return [{ isSandboxed: true, userId: undefined }];
  const userId = randomInt(FIRST_USER_ID, LAST_USER_ID + 1);
  const best = { isSandboxed: true, userId };
  if (mustBeSandboxed) return [best];
  return [best, { isSandboxed: false, userId }, { isSandboxed: false, userId: undefined }];
}

/** Whether Chromium may start with less confinement, judging by its messages when it did not start. */
export function isConfinementRefused(said: string, { isSandboxed, userId }: Confinement): boolean {
  if (isSandboxed && isSandboxMissing(said)) return true;
  return userId !== undefined && /setpriv|permission denied|operation not permitted|EACCES/i.test(said);
}

export function isSandboxMissing(said: string): boolean {
  return /no usable sandbox|sandbox_linux|setuid sandbox|zygote_host|credentials\.cc/i.test(said);
}

export async function launcherFor(confinement: Confinement, path: string, tempDir: string): Promise<Launcher> {
  const { userId } = confinement;
  if (!IS_ROOT) return { executablePath: path, env: { ...browserEnvironment(), TMPDIR: tempDir } };
  const script = join(tempDir, "launch");
  await writeFile(script, userId === undefined ? asRoot(path) : asUser(userId, path, tempDir), { mode: 0o755 });
  if (userId === undefined) {
    return { executablePath: script, env: { ...browserEnvironment(), TMPDIR: tempDir } };
  }
  await letOthersPass(dirname(tempDir));
  for (const needed of [tempDir, await realpath(path)]) await assertReachable(needed);
  const env = { ...strangerEnvironment(tempDir), TMPDIR: tempDir, ...(await copyHome(tempDir)) };
  return { executablePath: script, env };
}

/** Playwright creates the profile's directory as root, so the browser gets another one. */
function asUser(userId: number, path: string, tempDir: string): string {
  const folder = quoted(tempDir);
  return `#!/bin/sh
for arg; do
  shift
  case "$arg" in --user-data-dir=*) arg=--user-data-dir=${folder}/profile ;; esac
  set -- "$@" "$arg"
done
chown -R ${userId}:${userId} ${folder} && cd ${folder} || exit 1
exec setpriv --reuid=${userId} --regid=${userId} --clear-groups --inh-caps=-all -- ${quoted(resolve(path))} "$@"
`;
}

/** Without this, Chromium raises the priority of its main process above all others, the gateway included. */
function asRoot(path: string): string {
  const modest = "setpriv --inh-caps=-sys_nice --bounding-set=-sys_nice --";
  return `#!/bin/sh
if ${modest} true 2>/dev/null; then exec ${modest} ${quoted(resolve(path))} "$@"; fi
exec ${quoted(resolve(path))} "$@"
`;
}

/** Lets other users pass through the gateway's temporary directory, which is root's, without seeing the names in it. */
async function letOthersPass(folder: string): Promise<void> {
  const { uid, mode } = await stat(folder);
  if (uid === 0 && (mode & 0o777) === 0o700) await chmod(folder, 0o711);
}

/** @throws Error when other users than root cannot reach this path. */
async function assertReachable(path: string): Promise<void> {
  if (await isPassable(dirname(path))) return;
  throw new Error(`permission denied: only root may come to ${path}`);
}

/** Copies what the browser needs from root's home: the certificate authorities that it trusts, and access to the display. */
async function copyHome(home: string): Promise<Readonly<Record<string, string>>> {
  const authorities = join(".pki", "nssdb");
  await mkdir(join(home, ".pki"), { recursive: true });
  await cp(join(homedir(), authorities), join(home, authorities), { recursive: true }).catch(ignoreMissing);
  const xauthority = process.env["XAUTHORITY"] ?? join(homedir(), ".Xauthority");
  const copy = join(home, ".Xauthority");
  const isThere = await cp(xauthority, copy).then(() => true, ignoreMissing);
  return isThere ? { XAUTHORITY: copy } : {};
}

function ignoreMissing(cause: NodeJS.ErrnoException): false {
  if (cause.code !== "ENOENT") throw cause;
  return false;
}

/** As one word for a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
