import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { killProcessesIn, TempDir } from "../../src/process/temp-dir.ts";

let parent: string;
const before = process.env["TMPDIR"];
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "temp-"));
  await chmod(parent, 0o711);
  process.env["TMPDIR"] = parent;
});
afterEach(async () => {
  if (before === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = before;
  await rm(parent, { recursive: true, force: true });
});

/** A process with its temporary directory, and a child process that runs in there and outlives it. */
async function startOther(): Promise<{ readonly kill: () => Promise<void>; readonly childPid: number }> {
  const module = new URL("../../src/process/temp-dir.ts", import.meta.url).href;
  const script = `
    import { spawn } from "node:child_process";
    import { killProcessesIn, TempDir } from ${JSON.stringify(module)};
    await TempDir.open();
    const child = spawn("sleep", ["600"], { detached: true, stdio: "ignore" });
    console.log(child.pid);
    setInterval(() => {}, 1000);`;
  const other = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(other.stdout, "data")) as [Buffer];
  const kill = async (): Promise<void> => {
    const ended = once(other, "exit");
    other.kill("SIGKILL");
    await ended;
  };
  return { kill, childPid: Number(line.toString()) };
}

/** A process that ended may still be there as a zombie. */
async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat !== "" && !/\) Z /.test(stat);
}

test("all temporary files are in one directory, which is removed when it is disposed", async () => {
  const { tempDir, removedStale } = await TempDir.open();
  expect(removedStale).toBe(0);
  expect(tmpdir()).toBe(tempDir.path);
  await mkdtemp(join(tmpdir(), "something-"));
  await tempDir[Symbol.asyncDispose]();
  expect(tmpdir()).toBe(parent);
  expect(await readdir(parent)).toEqual([]);
});

test("the directory of a killed process is removed at the next start, and what still runs in it is ended", async () => {
  const other = await startOther();
  await other.kill();
  expect(await readdir(parent)).toHaveLength(1);
  expect(await isRunning(other.childPid)).toBe(true);
  const { tempDir, removedStale } = await TempDir.open();
  await using _tempDir = tempDir;
  expect(removedStale).toBe(1);
  expect(await readdir(parent)).toHaveLength(1);
  await expect.poll(() => isRunning(other.childPid)).toBe(false);
});

test("the directory of another running process is left alone", async () => {
  const other = await startOther();
  const { tempDir, removedStale } = await TempDir.open();
  await using _tempDir = tempDir;
  expect(removedStale).toBe(0);
  expect(await isRunning(other.childPid)).toBe(true);
  await other.kill();
  process.kill(other.childPid, "SIGKILL");
});

function sleepIn(folder: string): ReturnType<typeof spawn> {
  return spawn("sleep", ["600"], { env: { ...process.env, TMPDIR: folder }, stdio: "ignore" });
}

/** An id that no process can have: the kernel's are smaller. */
const GONE = 2 ** 22 + 1;

test("what other users may have created under such a name is left alone", async () => {
  const elsewhere = await mkdtemp(join(parent, "elsewhere-"));
  await writeFile(join(elsewhere, "precious"), "");
  await symlink(elsewhere, join(parent, `gptomni-${GONE}-link`));
  await mkdir(join(parent, `gptomni-${GONE}-open`));
  await chmod(join(parent, `gptomni-${GONE}-open`), 0o777);
  await writeFile(join(parent, `gptomni-${GONE}-file`), "");
  await mkdir(join(parent, `gptomni-${GONE}-ours`), { mode: 0o700 });
  const { tempDir, removedStale } = await TempDir.open();
  await using _tempDir = tempDir;
  expect(removedStale).toBe(1);
  const left = (await readdir(parent)).filter((name) => name.includes(String(GONE)));
  expect(left.toSorted()).toEqual([`gptomni-${GONE}-file`, `gptomni-${GONE}-link`, `gptomni-${GONE}-open`]);
  expect(await readdir(elsewhere)).toEqual(["precious"]);
});

test("a process in a directory whose name only begins in the same way is left alone", async () => {
  const path = join(parent, "gptomni-123");
  const [inside, deeper, beside] = [sleepIn(path), sleepIn(`${path}/deeper`), sleepIn(`${path}4`)];
  await Promise.all([inside, deeper, beside].map((child) => once(child, "spawn")));
  const ended = Promise.all([once(inside, "exit"), once(deeper, "exit")]);
  await killProcessesIn(path);
  await ended;
  expect(await isRunning(beside.pid ?? 0)).toBe(true);
  beside.kill("SIGKILL");
});
test.runIf(process.getuid?.() === 0)(
  "as root, a directory that browsers of other users cannot enter is not used",
  async () => {
    await chmod(parent, 0o700);
    const { tempDir } = await TempDir.open();
    await using _tempDir = tempDir;
    expect(tempDir.path.startsWith("/tmp/gptomni-")).toBe(true);
  },
);
