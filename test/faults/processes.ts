import { readdir, readFile } from "node:fs/promises";

export interface ProcessEntry {
  readonly pid: number;
  readonly parentPid: number;
  readonly groupId: number;
  /** One letter, as ps has it: R, S, T, Z, … */
  readonly state: string;
  readonly command: string;
}

/** Every process there is, through /proc. */
export async function allProcesses(): Promise<ProcessEntry[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const entries = await Promise.all(pids.map(readEntry));
  return entries.filter((entry) => entry !== undefined);
}

async function readEntry(pid: string): Promise<ProcessEntry | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    const command = (await readFile(`/proc/${pid}/cmdline`, "utf8")).replaceAll("\0", " ");
    const [state = "", parentPid, groupId] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { pid: Number(pid), parentPid: Number(parentPid), groupId: Number(groupId), state, command };
  } catch {
    return undefined;
  }
}

/** Those of one Chromium that still run: `--type=…`, or `--utility-sub-type=…`; without a type, all. */
export async function chromiumProcesses(mainPid: number, type = ""): Promise<ProcessEntry[]> {
  const group = (await allProcesses()).filter(({ groupId, state }) => groupId === mainPid && state !== "Z");
  return group.filter(({ command }) => command.includes(type));
}

/** Ended children of this process that nobody took leave of. */
export async function zombiesOf(parentPid: number): Promise<ProcessEntry[]> {
  return (await allProcesses()).filter((entry) => entry.parentPid === parentPid && entry.state === "Z");
}

/** For one that may have ended since it was looked for. */
export function signalIfRunning(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && cause.code === "ESRCH")) throw cause;
  }
}
