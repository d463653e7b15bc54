import type { Caller } from "./request-queue.ts";

interface Queued {
  /** Counts up. */
  readonly arrival: number;
  readonly caller: Pick<Caller, "keyId" | "isBackground" | "isOpen">;
}

/**
 * The request that a full queue of `limit` places refuses when a newcomer comes: the newcomer, another one, or none.
 *
 * Background work goes first. Otherwise only a key that has more than its share loses a request; a share is `limit` divided
 * by the number of keys. Of those that may go, it is the newest one of the key that has most requests waiting, so a key that
 * fills the queue loses its own. A request whose stream is open stays, since its status was sent. Where that leaves none,
 * the queue takes the newcomer beyond its limit: up to each key's share, and one more for each lease that failed.
 */
export function evicted<E extends Queued>(waiting: readonly E[], newcomer: E, limit: number): E | undefined {
  const entries = [...waiting, newcomer];
  const counts = new Map<string, number>();
  for (const { caller } of entries) counts.set(caller.keyId, countOf(counts, caller) + 1);
  const movable = entries.filter(({ caller }) => !caller.isOpen?.());
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
