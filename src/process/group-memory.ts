import { readdir, readFile } from "node:fs/promises";

const KIB = 1024;
/** Who asks for several groups in a row looks at the processes once. */
const FRESH_MS = 1_000;

let looked: { readonly atMs: number; readonly groups: Promise<ReadonlyMap<number, number>> } | undefined;

/**
 * The memory of a process group's processes that they share with nobody and that is no file, in bytes; undefined where the
 * system does not tell. Never rejects.
 */
export async function groupMemoryBytes(groupId: number): Promise<number | undefined> {
  if (!looked || performance.now() - looked.atMs > FRESH_MS) looked = { atMs: performance.now(), groups: look() };
  return (await looked.groups).get(groupId);
}

async function look(): Promise<ReadonlyMap<number, number>> {
  const names = await readdir("/proc").catch(() => []);
  const found = await Promise.all(names.filter((name) => /^\d+$/.test(name)).map(ofProcess));
  const groups = new Map<number, number>();
  for (const one of found) if (one) groups.set(one.group, (groups.get(one.group) ?? 0) + one.bytes);
  return groups;
}

/** Undefined for a process that has ended. */
async function ofProcess(pid: string): Promise<{ readonly group: number; readonly bytes: number } | undefined> {
  try {
    const [stat, status] = await Promise.all([
      readFile(`/proc/${pid}/stat`, "utf8"),
      readFile(`/proc/${pid}/status`, "utf8"),
    ]);
    const [, , group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const kib = /^RssAnon:\s+(\d+)/m.exec(status)?.[1];
    return kib === undefined ? undefined : { group: Number(group), bytes: Number(kib) * KIB };
  } catch {
    return undefined;
  }
}
