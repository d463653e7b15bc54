import type { KeyUse, KeyUseChange, SharedKeyUse } from "../store/shared-key-use.ts";
import { GatheredWork } from "./gathered-work.ts";

interface Waiting {
  readonly changes: readonly KeyUseChange[];
  readonly counted: PromiseWithResolvers<readonly KeyUse[]>;
}

/** Counts what requests of a key use, in their order. Those that come while a statement runs are counted together. */
export class JoinedCounts {
  readonly #store: Pick<SharedKeyUse, "add">;
  readonly #counting = new GatheredWork<Waiting>((keyId, all) => this.#count(keyId, all));

  constructor(store: Pick<SharedKeyUse, "add">) {
    this.#store = store;
  }

  /** Gives what is used with these and all before them. @throws StoreError; with several, nothing was counted then. */
  add(keyId: string, changes: readonly KeyUseChange[]): Promise<readonly KeyUse[]> {
    const counted = Promise.withResolvers<readonly KeyUse[]>();
    this.#counting.add(keyId, { changes, counted });
    return counted.promise;
  }

  /** Never rejects. */
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
