import { namesOf, type AccountName } from "./account-name.ts";

/** Times at which accounts sent, found by either name of an account: by its key, and by its id. */
export class AccountTimes {
  readonly #byName = new Map<string, Set<Entry>>();

  add(account: AccountName, times: readonly number[]): void {
    const entry = { times };
    for (const name of namesOf(account)) {
      this.#byName.set(name, (this.#byName.get(name) ?? new Set()).add(entry));
    }
  }

  /** Those that were added under the key or the id, each once. */
  of(account: AccountName): readonly number[] {
    const entries = namesOf(account).flatMap((name) => [...(this.#byName.get(name) ?? [])]);
    return [...new Set(entries)].flatMap(({ times }) => times);
  }
}

interface Entry {
  readonly times: readonly number[];
}
