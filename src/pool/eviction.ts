import type { Caller } from "./request-queue.ts";

interface Queued {
  /** Numbers count up. */
  readonly arrival: number;
  readonly caller: Pick<Caller, "keyId" | "isBackground" | "isOpen">;
}

/**
 * The request that a full line of `limit` places turns away for a newcomer: the newcomer itself, another, or nobody.
 *
 * Background work goes first. Else only a keyId that has more than its share loses a request: `limit` divided by the
 * number of keys. Of those that can go, it is the newest of the keyId that has most in the line, so one that fills
 * the line loses its own. A request whose stream is open stays, since its status is sent. Where that leaves nobody, the
 * line takes the newcomer beyond its limit: up to each keyId's share, and one more for each lease that failed.
 */
export function evicted<W extends Queued>(waiting: readonly W[], newcomer: W, limit: number): W | undefined {
  const everybody = [...waiting, newcomer];
  const counts = new Map<string, number>();
  for (const { caller } of everybody) counts.set(caller.keyId, countOf(counts, caller) + 1);
  const movable = everybody.filter(({ caller }) => !caller.isOpen?.());
  const background = movable.filter(({ caller }) => caller.isBackground);
  const share = limit / counts.size;
  const candidates =
    background.length > 0 || newcomer.caller.isBackground
      ? background
      : movable.filter(({ caller }) => countOf(counts, caller) > share);
  const byTurn = (one: Queued, other: Queued): number =>
    countOf(counts, other.caller) - countOf(counts, one.caller) || other.arrival - one.arrival;
  return candidates.toSorted(byTurn)[0];
}

function countOf(counts: ReadonlyMap<string, number>, { keyId }: Pick<Caller, "keyId">): number {
  return counts.get(keyId) ?? 0;
}
