/** Times at which accounts sent, found by either name of an account: by its key, and by its id. */
export class AccountTimes {
  readonly #byName = new Map<string, Set<Entry>>();

  add({ key, id }: AccountName, times: readonly number[]): void {
    const entry = { times };
    for (const name of [`key:${key}`, `id:${id}`]) {
      this.#byName.set(name, (this.#byName.get(name) ?? new Set()).add(entry));
    }
  }

  /** Those that were added under the key or the id, each once. */
  of({ key, id }: AccountName): readonly number[] {
    const entries = [`key:${key}`, `id:${id}`].flatMap((name) => [...(this.#byName.get(name) ?? [])]);
    return [...new Set(entries)].flatMap(({ times }) => times);
  }
}

interface Entry {
  readonly times: readonly number[];
}

interface AccountName {
  readonly key: string;
  readonly id: string;
}
