import { lstat, mkdtemp, readFile, readdir, rm, stat, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { makeFolder } from "../config/make-folder.ts";

const PREFIX = "gptomni-";
/** Chromium creates a socket deep in here, and the path of a socket may have 107 characters. */
const LONGEST_PARENT = 30;
const SHORT_PARENT = "/tmp";
/** systemd-tmpfiles removes what was not used for 10 days, by default. */
const TOUCH_EVERY_MS = 3_600_000;

/**
 * The temporary directory of this process and its browsers, Playwright's profiles included: it becomes TMPDIR. Disposing
 * removes it. If the process was killed, the next start removes it and ends what still runs in it.
 */
export class TempDir implements AsyncDisposable {
  readonly path: string;
  readonly #before = process.env["TMPDIR"];
  readonly #touching: NodeJS.Timeout;

  private constructor(path: string) {
    this.path = path;
    process.env["TMPDIR"] = path;
    const touch = (): void => void utimes(path, new Date(), new Date()).catch(() => {});
    this.#touching = setInterval(touch, TOUCH_EVERY_MS).unref();
  }

  /** Also gives how many directories of killed processes were removed. */
  static async open(): Promise<{ readonly tempDir: TempDir; readonly removedStale: number }> {
    const parent = (await isSuitable(tmpdir())) ? tmpdir() : SHORT_PARENT;
    const removedStale = await removeStale(parent);
    const path = await mkdtemp(join(parent, `${PREFIX}${process.pid}-`));
    return { tempDir: new TempDir(path), removedStale };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#touching);
    if (this.#before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = this.#before;
    await rm(this.path, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** As root, browsers run as other users, who must be able to enter it. */
async function isSuitable(parent: string): Promise<boolean> {
  if (parent.length > LONGEST_PARENT) return false;
  return process.getuid?.() !== 0 || (await isPassable(parent));
}

/** Whether every user may pass through the directory and through all of its parents. */
export async function isPassable(path: string): Promise<boolean> {
  if (((await stat(path)).mode & 0o001) === 0) return false;
  return path === dirname(path) || isPassable(dirname(path));
}

/** Creates a directory in the temporary one. If something removed the temporary one, that is created again. */
export async function makeTempDir(prefix: string): Promise<string> {
  await makeFolder(tmpdir(), 0o700);
  return mkdtemp(join(tmpdir(), prefix));
}

async function removeStale(parent: string): Promise<number> {
  const names = (await readdir(parent)).filter((name) => name.startsWith(PREFIX));
  let removed = 0;
  for (const name of names) {
    const path = join(parent, name);
    const pid = Number(/^\d+/.exec(name.slice(PREFIX.length))?.[0]);
    // In a container, the process before may have had the same id as this one, which is the only gateway there.
    if (!Number.isInteger(pid) || (pid !== process.pid && isRunning(pid))) continue;
    // In a directory that all users share, anybody can create something with this name.
    if (!(await isOwnDirectory(path))) continue;
    await killProcessesIn(path);
    await rm(path, { recursive: true, force: true, maxRetries: 5 }).catch(() => {});
    removed += 1;
  }
  return removed;
}

/** Whether it is a directory, not a link to one, that this user created and no other user may read or change. */
async function isOwnDirectory(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  return found !== undefined && found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o066) === 0;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === "EPERM";
  }
}

/**
 * Kills every process whose temporary directory, or whose browser profile, is in this directory. A frozen browser does not
 * end by itself. Never rejects.
 */
export async function killProcessesIn(path: string): Promise<void> {
  // As root, browsers run as other users.
  const ownUid = process.getuid?.();
  const pids = (await readdir("/proc").catch(() => [])).map(Number).filter(Number.isInteger);
  for (const pid of pids) {
    const isOwn = await stat(`/proc/${pid}`)
      .then(({ uid }) => uid === ownUid || ownUid === 0)
      .catch(() => false);
    if (!isOwn || !(await runsIn(pid, path))) continue;
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended meanwhile.
    }
  }
}

/** Whether the temporary directory or the browser profile of a process is in this directory. */
export async function runsIn(pid: number, path: string): Promise<boolean> {
  // The command line shows the profile where the environment of another user's process cannot be read.
  const marks = [`TMPDIR=${path}`, `--user-data-dir=${path}`];
  const texts = ["environ", "cmdline"].map((name) => readFile(`/proc/${pid}/${name}`, "utf8").catch(() => ""));
  const entries = (await Promise.all(texts)).flatMap((text) => text.split("\0"));
  return entries.some((entry) => marks.some((mark) => entry === mark || entry.startsWith(`${mark}/`)));
}
