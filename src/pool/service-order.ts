import type { Caller } from "./request-queue.ts";

interface Queued {
  /** Numbers count up. */
  readonly arrival: number;
  readonly caller: Pick<Caller, "keyId" | "isBackground">;
}

/**
 * The order in which waiting requests are served if nobody else comes: background work last, keys in turn beginning
 * with the one that was served longest ago, and first come, first served within a keyId. `servedAt` numbers the last
 * serving of each keyId.
 */
export function serviceOrder<W extends Queued>(waiting: readonly W[], servedAt: ReadonlyMap<string, number>): W[] {
  const served = new Map(servedAt);
  let servings = Math.max(0, ...served.values());
  const order: W[] = [];
  const groups = Map.groupBy(waiting, ({ caller }) => caller.isBackground);
  for (const isBackground of [false, true]) {
    const inArrival = [...(groups.get(isBackground) ?? [])].sort((one, other) => one.arrival - other.arrival);
    const turns = [...Map.groupBy(inArrival, ({ caller }) => caller.keyId)]
      // The sort is stable: of keys that were never served, the one that came first is first.
      .sort(([one], [other]) => (served.get(one) ?? 0) - (served.get(other) ?? 0))
      .map(([keyId, its]) => ({ keyId, its, next: 0 }));
    // Grows while it is walked: a keyId with more requests takes its next turn behind the others.
    for (const { keyId, its, next } of turns) {
      order.push(...its.slice(next, next + 1));
      servings += 1;
      served.set(keyId, servings);
      if (next + 1 < its.length) turns.push({ keyId, its, next: next + 1 });
    }
  }
  return order;
}
