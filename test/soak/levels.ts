import { kibOf } from "../bench/memory-of.ts";
import type { GatewayProcess } from "../faults/gateway-process.ts";
import type { HeapScale } from "./heap.ts";

/** What must stay level, however long a gateway runs. */
export interface Levels {
  readonly "gateway's heap, MiB": number;
  readonly "gateway RSS, MiB": number;
  readonly "browsers' PSS, MiB": number;
  readonly "browsers' processes": number;
  readonly "gateway's files": number;
}

/** How much more there may be at the end than in the first rounds, in which caches fill. */
const GROWTH_LIMIT = 1.2;
const FILLING_ROUNDS = 3;

/** To be called when all clients have hung up: how many connections they keep is up to them. */
export async function levelsOf(gateway: GatewayProcess, scale: HeapScale): Promise<Levels> {
  const started = await gateway.started();
  const sizes = await Promise.all(started.map(({ pid }) => kibOf(pid, "smaps_rollup", "Pss")));
  return {
    "gateway's heap, MiB": await scale.weigh(gateway),
    "gateway RSS, MiB": (await kibOf(gateway.pid, "status", "VmRSS")) / 1024,
    "browsers' PSS, MiB": sizes.reduce((sum, one) => sum + one, 0) / 1024,
    "browsers' processes": started.length,
    "gateway's files": await gateway.openFiles(),
  };
}

/** What went on growing after the first rounds. */
export function grown(rounds: readonly Levels[]): string[] {
  const last = rounds.at(-1);
  if (!last) return ["nothing was measured"];
  const filling = rounds.slice(0, FILLING_ROUNDS);
  return (Object.keys(last) as (keyof Levels)[])
    .map((what) => ({ what, end: last[what], limit: GROWTH_LIMIT * Math.max(...filling.map((one) => one[what])) }))
    .filter(({ end, limit }) => end > limit)
    .map(({ what, end, limit }) => `${what} grew to ${end.toFixed(0)}, more than ${limit.toFixed(0)}`);
}
