import { readFile } from "node:fs/promises";

/** A process's figure in KiB: `VmRSS` in status, `Pss` in smaps_rollup; 0 when it has ended. */
export async function kibOf(pid: number, file: "status" | "smaps_rollup", field: string): Promise<number> {
  const text = await readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "");
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0);
}

/** A clock tick of Linux, in which it tells processor time. */
const TICK_MS = 10;

/** The processor time of a process so far, in milliseconds; 0 when it has ended. */
export async function cpuMsOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The name, in parentheses, may hold anything.
  const [user = 0, system = 0] = text
    .slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 13)
    .map(Number);
  return (user + system) * TICK_MS;
}
