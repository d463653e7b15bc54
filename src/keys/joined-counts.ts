import type { KeyUse, KeyUseChange, SharedKeyUse } from "../store/shared-key-use.ts";

interface Waiting {
  readonly changes: readonly KeyUseChange[];
  readonly counted: PromiseWithResolvers<readonly KeyUse[]>;
}

/**
 * Counts what requests of a key use, in their order. While one statement for a key runs, others gather, and the next one counts
 * them together: all requests of a key write the same rows.
 */
export class JoinedCounts {
  readonly #store: Pick<SharedKeyUse, "add">;
  /** The keys for which a statement runs, with those who wait for the next one. */
  readonly #waiting = new Map<string, Waiting[]>();

  constructor(store: Pick<SharedKeyUse, "add">) {
    this.#store = store;
  }

  /** Gives what is used with these and all before them. @throws StoreError; with several, nothing was counted then. */
  add(keyId: string, changes: readonly KeyUseChange[]): Promise<readonly KeyUse[]> {
    const one = { changes, counted: Promise.withResolvers<readonly KeyUse[]>() };
    const waiting = this.#waiting.get(keyId);
    if (waiting) waiting.push(one);
    else {
      this.#waiting.set(keyId, []);
      void this.#countOn(keyId, [one]);
    }
    return one.counted.promise;
  }

  async #countOn(keyId: string, first: readonly Waiting[]): Promise<void> {
    for (let all = first; all.length > 0; all = this.#waiting.get(keyId) ?? []) {
      this.#waiting.set(keyId, []);
      await this.#count(keyId, all);
    }
    this.#waiting.delete(keyId);
  }

  async #count(keyId: string, all: readonly Waiting[]): Promise<void> {
    try {
      const used = await this.#store.add(keyId, sum(all.flatMap(({ changes }) => changes)));
      let later = new Map<string, number>();
      for (const { changes, counted } of all.toReversed()) {
        const names = new Set(changes.map(({ window }) => window));
        const own = used.filter(({ window }) => names.has(window));
        counted.resolve(own.map((use) => ({ ...use, used: Math.max(0, use.used - (later.get(use.window) ?? 0)) })));
        later = new Map(sum([...changes, ...asChanges(later)]).map(({ window, points }) => [window, points]));
      }
    } catch (cause) {
      for (const { counted } of all) counted.reject(cause);
    }
  }
}

function asChanges(points: ReadonlyMap<string, number>): KeyUseChange[] {
  return [...points].map(([window, added]) => ({ window, points: added, lastsMs: 0 }));
}

/** One change for each window. */
function sum(changes: readonly KeyUseChange[]): readonly KeyUseChange[] {
  const byWindow = new Map<string, KeyUseChange>();
  for (const change of changes) {
    const before = byWindow.get(change.window)?.points ?? 0;
    byWindow.set(change.window, { ...change, points: before + change.points });
  }
  return [...byWindow.values()];
}
