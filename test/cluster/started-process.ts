import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished } from "vitest";
import { accountsOf } from "./replica.ts";

/** A replica in a process of its own, which has so many accounts, all that there are. `prefix`: a command that runs it. */
export async function startProcess(databaseUrl: string, count: number, prefix: readonly string[] = []) {
  const file = join(import.meta.dirname, "replica-process.ts");
  const [command, ...args] = [...prefix, process.execPath, file, databaseUrl, String(count)];
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const told: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => told.push(line));
  await expect.poll(() => told).toEqual([JSON.stringify({ ids: accountsOf(count).map(({ id }) => id) })]);
  return {
    told,
    say: (line: string) => void child.stdin.write(`${line}\n`),
    signal: (name: NodeJS.Signals) => void child.kill(name),
    ended: once(child, "exit"),
  };
}
