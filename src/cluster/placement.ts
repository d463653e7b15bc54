import { hash } from "node:crypto";

/** A replica that can have accounts. */
export interface Place {
  readonly id: string;
  /** How many accounts it can have, beside the others; 0 for none. */
  readonly weight: number;
}

/** 48 bits are exact in a number. */
const HASH_DIGITS = 12;
const HASH_RANGE = 16 ** HASH_DIGITS;

/**
 * Which replica is to have an account: the same one for everybody who knows the same replicas. When one joins or leaves,
 * only the accounts move that must. This is weighted rendezvous hashing.
 */
export class Placement {
  /** The hashes are kept, since they are asked for again with each change of the replicas. */
  readonly #draws = new Map<string, Map<string, number>>();

  /** The id of the replica; undefined when none can have any. */
  of(accountId: string, places: readonly Place[]): string | undefined {
    let best: string | undefined;
    let bestScore = Number.NEGATIVE_INFINITY;
    for (const { id, weight } of places) {
      const score = weight > 0 ? Math.log(this.#draw(accountId, id)) / weight : Number.NEGATIVE_INFINITY;
      if (score > bestScore || (score === bestScore && best !== undefined && id < best)) {
        [best, bestScore] = [id, score];
      }
    }
    return best;
  }

  /** Forgets replicas that are not there any more. */
  keepOnly(replicaIds: ReadonlySet<string>): void {
    for (const id of this.#draws.keys()) if (!replicaIds.has(id)) this.#draws.delete(id);
  }

  /** Above 0 and below 1, the same each time. */
  #draw(accountId: string, replicaId: string): number {
    const draws = this.#draws.get(replicaId) ?? new Map<string, number>();
    this.#draws.set(replicaId, draws);
    const known = draws.get(accountId);
    if (known !== undefined) return known;
    const digits = hash("sha256", JSON.stringify([replicaId, accountId])).slice(0, HASH_DIGITS);
    const draw = (Number.parseInt(digits, 16) + 0.5) / HASH_RANGE;
    draws.set(accountId, draw);
    return draw;
  }
}
