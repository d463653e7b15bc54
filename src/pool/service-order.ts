import type { Caller } from "./request-queue.ts";

interface Queued {
  /** Counts up. */
  readonly arrival: number;
  readonly caller: Pick<Caller, "keyId" | "isBackground">;
}

/**
 * The order in which waiting requests are served if no other comes: background work last; keys in turn, beginning with the
 * one whose last turn was longest ago; first come, first served within a key. `lastTurns`: the number of each key's last
 * turn.
 */
export function serviceOrder<E extends Queued>(waiting: readonly E[], lastTurns: ReadonlyMap<string, number>): E[] {
  const turnOf = new Map(lastTurns);
  let turns = Math.max(0, ...turnOf.values());
  const order: E[] = [];
  const groups = Map.groupBy(waiting, ({ caller }) => caller.isBackground);
  for (const isBackground of [false, true]) {
    const inArrival = [...(groups.get(isBackground) ?? [])].sort((one, other) => one.arrival - other.arrival);
    const rounds = [...Map.groupBy(inArrival, ({ caller }) => caller.keyId)]
      // The sort is stable: of the keys that had no turn yet, the one that came first is first.
      .sort(([one], [other]) => (turnOf.get(one) ?? 0) - (turnOf.get(other) ?? 0))
      .map(([keyId, entries]) => ({ keyId, entries, next: 0 }));
    // The list grows while it is walked: a key with more requests takes its next turn behind the others.
    for (const { keyId, entries, next } of rounds) {
      order.push(...entries.slice(next, next + 1));
      turns += 1;
      turnOf.set(keyId, turns);
      if (next + 1 < entries.length) rounds.push({ keyId, entries, next: next + 1 });
    }
  }
  return order;
}
