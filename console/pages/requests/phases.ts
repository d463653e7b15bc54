import type { RequestRow } from "../../api/contract.ts";
import type { Text } from "../../texts/language.tsx";

type PhaseName = "queue" | "pace" | "lease" | "firstByte" | "stream" | "other";

export interface PhaseShare {
  readonly name: PhaseName;
  readonly label: Text;
  readonly ms: number;
}

type Times = Pick<RequestRow, "durationMs" | "queueMs" | "paceMs" | "leaseMs" | "firstByteMs" | "streamMs">;

/** What a request spent its time on, in order. `other`: what is in no phase, e.g. attempts that failed. */
export function phasesOf(row: Times): readonly PhaseShare[] {
  const { durationMs, queueMs, paceMs, leaseMs, firstByteMs, streamMs } = row;
  const [queue, pace] = [queueMs ?? 0, paceMs ?? 0];
  const told = queue + (leaseMs ?? 0) + (firstByteMs ?? 0) + (streamMs ?? 0);
  const phases: readonly PhaseShare[] = [
    { name: "queue", label: "queue", ms: Math.max(0, queue - pace) },
    { name: "pace", label: "rate limit", ms: pace },
    { name: "lease", label: "lease", ms: leaseMs ?? 0 },
    { name: "firstByte", label: "first byte", ms: firstByteMs ?? 0 },
    { name: "stream", label: "stream", ms: streamMs ?? 0 },
    { name: "other", label: "other", ms: Math.max(0, durationMs - told) },
  ];
  return phases.filter(({ ms }) => ms > 0);
}
