import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Scratch } from "../src/scratch.ts";

let parent: string;
const before = process.env["TMPDIR"];
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "scratch-"));
  process.env["TMPDIR"] = parent;
});
afterEach(async () => {
  if (before === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = before;
  await rm(parent, { recursive: true, force: true });
});

/** A process that has its scratch folder, and one that it started in there, which outlives it. */
async function startOther(): Promise<{ readonly kill: () => Promise<void>; readonly childPid: number }> {
  const module = new URL("../src/scratch.ts", import.meta.url).href;
  const script = `
    import { spawn } from "node:child_process";
    import { Scratch } from ${JSON.stringify(module)};
    await Scratch.open();
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

/** One that ended may wait to be reaped by a parent that does not care. */
async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat !== "" && !/\) Z /.test(stat);
}

test("everything temporary goes into a folder that goes when it is disposed", async () => {
  const { scratch, swept } = await Scratch.open();
  expect(swept).toBe(0);
  expect(tmpdir()).toBe(scratch.path);
  await mkdtemp(join(tmpdir(), "something-"));
  await scratch[Symbol.asyncDispose]();
  expect(tmpdir()).toBe(parent);
  expect(await readdir(parent)).toEqual([]);
});

test("what a killed process left is swept away at the next start, with what still runs there", async () => {
  const other = await startOther();
  await other.kill();
  expect(await readdir(parent)).toHaveLength(1);
  expect(await isRunning(other.childPid)).toBe(true);
  const { scratch, swept } = await Scratch.open();
  await using _scratch = scratch;
  expect(swept).toBe(1);
  expect(await readdir(parent)).toHaveLength(1);
  await expect.poll(() => isRunning(other.childPid)).toBe(false);
});

test("what another running process has there is left alone", async () => {
  const other = await startOther();
  const { scratch, swept } = await Scratch.open();
  await using _scratch = scratch;
  expect(swept).toBe(0);
  expect(await isRunning(other.childPid)).toBe(true);
  await other.kill();
  process.kill(other.childPid, "SIGKILL");
});
