import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempDisposable, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";

const LINES = 3_000;
const LINE = "x".repeat(1_023);
const MODULE = new URL("../../src/observe/log-sink.ts", import.meta.url).href;

/** Writes many lines, waits until it is told that there is room, and writes a last one. */
const WRITER = `
  const { once } = await import("node:events");
  const { LogSink } = await import(${JSON.stringify(MODULE)});
  const sink = new LogSink();
  for (let count = 0; count < ${LINES}; count += 1) sink.write("${LINE}\\n");
  console.error("written");
  await once(process.stdin, "data");
  if (process.stdout.writableLength > 0) await once(process.stdout, "drain");
  sink.write("the last\\n");`;

/** How many lines came whole, and how many are said to be lost. */
function countsOf(log: string): { readonly whole: number; readonly lost: number } {
  expect(log).toMatch(/"msg":"log lines lost: the output was full"}\nthe last\n$/);
  const whole = log.split("\n").filter((line) => line === LINE).length;
  return { whole, lost: Number(/"lines":(\d+)/.exec(log)?.[1]) };
}

test("a pipe that nobody empties for a while costs lines, which are counted", async () => {
  const writer = spawn(process.execPath, ["--input-type=module", "-e", WRITER], { stdio: "pipe" });
  await once(writer.stderr, "data");
  writer.stdin.end("there is room");
  const { whole, lost } = countsOf(await text(writer.stdout));
  expect(lost).toBeGreaterThan(1_000);
  expect(whole + lost).toBe(LINES);
});

test("a full disk costs lines, which are counted", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "log-"));
  const path = join(folder.path, "log");
  const command = `exec prlimit --fsize=100000: "$0" --input-type=module -e "$1" > "$2"`;
  const writer = spawn("sh", ["-c", command, process.execPath, WRITER, path], { stdio: "pipe" });
  await once(writer.stderr, "data");
  execFileSync("prlimit", [`--pid=${writer.pid}`, "--fsize=unlimited:"]);
  writer.stdin.end("there is room");
  await once(writer, "exit");
  const { whole, lost } = countsOf(await readFile(path, "utf8"));
  // One line is cut where the disk was full.
  expect(whole + 1 + lost).toBe(LINES);
});
