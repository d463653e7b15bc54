import { readFile } from "node:fs/promises";

/** A process's figure in KiB: `VmRSS` in status, `Pss` in smaps_rollup; 0 when it has ended. */
export async function kibOf(pid: number, file: "status" | "smaps_rollup", field: string): Promise<number> {
  const text = await readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "");
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0);
}
