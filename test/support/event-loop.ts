import { threadCpuMs } from "./thread-cpu.ts";

/** What work left of the event loop to others. */
export interface Share {
  /** How often the event loop came around while the work ran. */
  readonly turns: number;
  /** Processor time of this thread meanwhile; time that the machine gave to other programs is not in it. */
  readonly cpuMs: number;
}

export async function eventLoopDuring(work: () => Promise<unknown>): Promise<Share> {
  let turns = 0;
  let isOver = false;
  const count = (): void => {
    turns += 1;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  const cpuMs = await cpuMsOf(work);
  isOver = true;
  return { turns, cpuMs };
}

/** Processor time of the work, the least of a few rounds: the others paid for something else as well. */
export async function leastCpuMs(work: () => Promise<unknown>): Promise<number> {
  let leastMs = Infinity;
  for (let round = 0; round < 4; round += 1) leastMs = Math.min(leastMs, await cpuMsOf(work));
  return leastMs;
}

async function cpuMsOf(work: () => Promise<unknown>): Promise<number> {
  const beforeMs = threadCpuMs();
  await work();
  return threadCpuMs() - beforeMs;
}
