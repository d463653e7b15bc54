import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const CHILD = join(import.meta.dirname, "watchdog-child.ts");
/** Longer than the watchdog of the child process permits. */
const STOPPED_MS = 2_000;

async function run(deed: string, meanwhile: (child: ReturnType<typeof spawn>) => unknown = () => undefined) {
  const child = spawn(process.execPath, [CHILD, deed], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (data: Buffer) => (output += data.toString()));
  const ended = once(child, "close") as Promise<[code: number | null, signal: string | null]>;
  await once(child.stdout, "data");
  await meanwhile(child);
  const [code, signal] = await ended;
  return { code, signal, lines: output.trim().split("\n").slice(1) };
}

test.each(["loop", "pattern", "promises", "waiting"])(
  "a process that hangs is killed, after one log line: %s",
  async (deed) => {
    const { signal, lines } = await run(deed);
    expect(signal).toBe("SIGKILL");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { level: 60, time: expect.any(Number) as unknown, msg: "the event loop stood still for 0.9 s: the gateway ends" },
    ]);
  },
);

test.each([
  ["is busy with many short things", "busy"],
  ["stands in a debugger", "debugged"],
  ["ends", "disposed"],
  ["has nothing left to do", "nothing"],
])("a process is left alone that %s", async (_name, deed) => {
  expect(await run(deed)).toEqual({ code: 0, signal: null, lines: [] });
});

test("a process that was stopped for longer, as on a sleeping machine, is left alone", async () => {
  const result = await run("stopped", async (child) => {
    child.kill("SIGSTOP");
    await setTimeout(STOPPED_MS);
    child.kill("SIGCONT");
  });
  expect(result).toEqual({ code: 0, signal: null, lines: [] });
});

test("the gateway has a watchdog", async () => {
  const folder = await mkdtemp(join(tmpdir(), "gptomni-watchdog-"));
  const env = {
    ...process.env,
    PORT: "0",
    LOG_FORMAT: "json",
    STATE_DIR: folder,
    TMPDIR: folder,
    GPTOMNI_CREDENTIALS: "",
  };
  const gateway = spawn(process.execPath, [join(ROOT, "src/cli.ts"), "serve"], {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = once(gateway, "close");
  for await (const data of gateway.stdout) if (String(data).includes('"listening"')) break;
  const tasks = `/proc/${gateway.pid}/task`;
  const names = await Promise.all((await readdir(tasks)).map((task) => readFile(join(tasks, task, "comm"), "utf8")));
  expect(names.map((name) => name.trim())).toContain("watchdog");
  gateway.kill("SIGTERM");
  expect(await closed).toEqual([0, null]);
  await rm(folder, { recursive: true, force: true });
});
