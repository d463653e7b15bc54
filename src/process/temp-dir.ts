import { lstat, mkdtemp, readFile, readdir, rm, stat, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { makeFolder } from "../config/make-folder.ts";

const PREFIX = "gptomni-";
/** Chromium makes a socket deep in here, whose path may have 107 characters in all */
const LONGEST_PARENT = 30;
const SHORT_PARENT = "/tmp";
/** Far more often than systemd-tmpfiles removes what nobody used: after 10 days, by default. */
const TOUCH_EVERY_MS = 3_600_000;

/**
 * A temporary folder for everything that this process and its browsers put aside, Playwright's profiles included: it
 * becomes TMPDIR. It goes when disposed; one whose process was killed goes at the next start, with what still runs in it.
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

  /** Gives how many left-over folders were swept away, too. */
  static async open(): Promise<{ readonly scratch: TempDir; readonly swept: number }> {
    const parent = (await mayServe(tmpdir())) ? tmpdir() : SHORT_PARENT;
    const swept = await sweep(parent);
    const path = await mkdtemp(join(parent, `${PREFIX}${process.pid}-`));
    return { scratch: new TempDir(path), swept };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#touching);
    if (this.#before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = this.#before;
    await rm(this.path, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Also where root's browsers run as other users: they must come in. */
async function mayServe(parent: string): Promise<boolean> {
  if (parent.length > LONGEST_PARENT) return false;
  return process.getuid?.() !== 0 || (await isPassable(parent));
}

/** Whether every user may pass through the folder, and through all that it is in. */
export async function isPassable(folder: string): Promise<boolean> {
  if (((await stat(folder)).mode & 0o001) === 0) return false;
  return folder === dirname(folder) || isPassable(dirname(folder));
}

/** A folder in the temporary one, which is made anew where something removed it. */
export async function makeTempDir(prefix: string): Promise<string> {
  await makeFolder(tmpdir(), 0o700);
  return mkdtemp(join(tmpdir(), prefix));
}

async function sweep(parent: string): Promise<number> {
  const names = (await readdir(parent)).filter((name) => name.startsWith(PREFIX));
  let swept = 0;
  for (const name of names) {
    const path = join(parent, name);
    const pid = Number(/^\d+/.exec(name.slice(PREFIX.length))?.[0]);
    // In a container the process before had the same number, and there is only one of us.
    if (!Number.isInteger(pid) || (pid !== process.pid && isRunning(pid))) continue;
    // Anybody may make something of this name in a folder that all share.
    if (!(await isOwnFolder(path))) continue;
    await killProcessesIn(path);
    await rm(path, { recursive: true, force: true, maxRetries: 5 }).catch(() => {});
    swept += 1;
  }
  return swept;
}

/** A folder that this user made and nobody else may read or change; root's browsers may pass through. No link to one. */
async function isOwnFolder(path: string): Promise<boolean> {
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
 * Ends what runs with a temporary folder in there, or a browser's profile, which shows where another user's environment
 * does not: a browser that was frozen does not end by itself.
 */
export async function killProcessesIn(path: string): Promise<void> {
  const marks = [`TMPDIR=${path}`, `--user-data-dir=${path}`];
  // Root's browsers run as other users.
  const ownUid = process.getuid?.();
  const pids = (await readdir("/proc").catch(() => [])).map(Number).filter(Number.isInteger);
  for (const pid of pids) {
    const isOwn = await stat(`/proc/${pid}`)
      .then(({ uid }) => uid === ownUid || ownUid === 0)
      .catch(() => false);
    if (!isOwn) continue;
    const texts = ["environ", "cmdline"].map((name) => readFile(`/proc/${pid}/${name}`, "utf8").catch(() => ""));
    const entries = (await Promise.all(texts)).flatMap((text) => text.split("\0"));
    const isIn = (entry: string): boolean => marks.some((mark) => entry === mark || entry.startsWith(`${mark}/`));
    if (!entries.some(isIn)) continue;
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended meanwhile.
    }
  }
}
