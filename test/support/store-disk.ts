import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";

const DISK = "1m";
const UNLIMITED = "unlimited";
const BALLAST_BYTES = 2 << 20;

/** A real disk that can be filled up and emptied again. */
export interface TinyDisk extends Disposable {
  fill(): void;
  makeRoom(): void;
}

/** A tmpfs mounted at the folder; where mounting is not permitted, a limit on the size of this process's files. */
export function tinyDisk(folder: string): TinyDisk {
  try {
    run("mount", "-t", "tmpfs", "-o", `size=${DISK}`, "tmpfs", folder);
  } catch {
    return { fill: () => limitFiles("1"), makeRoom: () => limitFiles(UNLIMITED), [Symbol.dispose]() {} };
  }
  const ballast = join(folder, "ballast");
  return {
    fill() {
      try {
        writeFileSync(ballast, Buffer.alloc(BALLAST_BYTES));
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== "ENOSPC") throw cause;
      }
    },
    makeRoom: () => rmSync(ballast, { force: true }),
    [Symbol.dispose]: () => run("umount", folder),
  };
}

/** A file system of its own at the folder, with open files that the kernel refuses to write to, as when a disk fails. */
export interface FrailDisk extends Disposable {
  /** Every write fails, also to files that are open. */
  forbid(): void;
  allow(): void;
}

/**
 * ext4 on a loop device. Nobody can remount it while a file is open for writing, so folder and files are made immutable.
 */
export function frailDisk(folder: string, image: string): FrailDisk {
  run("truncate", "--size=16M", image);
  run("mkfs.ext4", "-q", image);
  run("mount", "-o", "loop", image, folder);
  const change = (flag: string): void => run("chattr", "-R", flag, folder);
  return {
    forbid: () => change("+i"),
    allow: () => change("-i"),
    [Symbol.dispose]() {
      change("-i");
      run("umount", "--lazy", folder);
    },
  };
}

/** Mounts the folder over itself, for reading only: files that are open stay writable, and no others. */
export function readOnlyMount(folder: string): Disposable {
  run("mount", "--bind", folder, folder);
  run("mount", "-o", "remount,bind,ro", folder);
  return { [Symbol.dispose]: () => run("umount", folder) };
}

/**
 * The soft limit only, so that it can be lifted again; Node ignores the signal, the write fails with EFBIG. It is lifted at
 * the test's end in any case: a test that fails leaves room for the others.
 */
export function limitFiles(bytes: string): void {
  if (bytes !== UNLIMITED) onTestFinished(() => limitFiles(UNLIMITED));
  run("prlimit", `--pid=${process.pid}`, `--fsize=${bytes}:`);
}

function run(tool: string, ...parameters: readonly string[]): void {
  execFileSync(tool, parameters, { stdio: "ignore" });
}
