/**
 * Does the work of each key one part after the other. Work that comes while a part runs is done together in the next part. All
 * requests of a key write the same rows, so one statement for many of them is quicker than many that wait for each other.
 */
export class GatheredWork<Item> {
  readonly #work: (keyId: string, items: readonly Item[]) => Promise<void>;
  /** The keys whose work runs, with what is to be done next. */
  readonly #next = new Map<string, Item[]>();

  /** `work` never rejects. */
  constructor(work: (keyId: string, items: readonly Item[]) => Promise<void>) {
    this.#work = work;
  }

  add(keyId: string, item: Item): void {
    const next = this.#next.get(keyId);
    if (next) next.push(item);
    else {
      this.#next.set(keyId, []);
      void this.#workOn(keyId, [item]);
    }
  }

  async #workOn(keyId: string, first: readonly Item[]): Promise<void> {
    for (let items = first; items.length > 0; items = this.#next.get(keyId) ?? []) {
      this.#next.set(keyId, []);
      await this.#work(keyId, items);
    }
    this.#next.delete(keyId);
  }
}
