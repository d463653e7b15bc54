import { open, readFile } from "node:fs/promises";

const PIECE_BYTES = 4 * 1024 * 1024;

/** Which of these texts stand in a process's environment, arguments or writable memory. Needs root. */
export async function textsIn(pid: number, texts: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  const note = (bytes: Buffer): void => {
    for (const text of texts) if (!found.has(text) && bytes.includes(text)) found.add(text);
  };
  for (const name of ["environ", "cmdline"]) note(await readFile(`/proc/${pid}/${name}`));
  const overlapBytes = Math.max(...texts.map(({ length }) => length));
  await using memory = await open(`/proc/${pid}/mem`, "r");
  for (const [start, end] of await writableRanges(pid)) {
    for (let at = start; at < end; at += PIECE_BYTES) {
      const length = Math.min(PIECE_BYTES + overlapBytes, end - at);
      const buffer = Buffer.allocUnsafe(length);
      // A page may be gone since the ranges were read.
      const read = await memory.read(buffer, 0, length, at).catch(() => undefined);
      if (read) note(buffer.subarray(0, read.bytesRead));
    }
  }
  return [...found];
}

async function writableRanges(pid: number): Promise<(readonly [start: number, end: number])[]> {
  const maps = await readFile(`/proc/${pid}/maps`, "utf8");
  const matches = [...maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) rw/gm)];
  return matches.map(([, start = "", end = ""]) => [Number.parseInt(start, 16), Number.parseInt(end, 16)] as const);
}
