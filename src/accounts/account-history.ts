import type { AccountEvent, StateChange } from "../pool/account-event.ts";

/** A change of an account's state, and its number: later ones have higher numbers. */
export type NumberedChange = StateChange & { readonly number: number };

const KEPT_PER_ACCOUNT = 50;
const KEPT_LATEST = 100;
/** Of more accounts than a gateway has, the ones that changed longest ago are forgotten. */
const MAX_ACCOUNTS = 2_000;

/** The last changes of each account's state, in memory. */
export class AccountHistory {
  readonly #byAccount = new Map<string, NumberedChange[]>();
  readonly #latest: NumberedChange[] = [];
  #number = 0;

  onEvent(event: AccountEvent): void {
    if (event.kind !== "state") return;
    this.#number += 1;
    const change = { ...event, number: this.#number };
    const changes = this.#byAccount.get(event.accountId) ?? [];
    keep(changes, change, KEPT_PER_ACCOUNT);
    keep(this.#latest, change, KEPT_LATEST);
    // The map is in the order of the last changes.
    this.#byAccount.delete(event.accountId);
    this.#byAccount.set(event.accountId, changes);
    const [oldest] = this.#byAccount.keys();
    if (this.#byAccount.size > MAX_ACCOUNTS && oldest !== undefined) this.#byAccount.delete(oldest);
  }

  /** Newest first. */
  of(id: string): readonly NumberedChange[] {
    return (this.#byAccount.get(id) ?? []).toReversed();
  }

  /** Of all accounts; newest first. */
  get latest(): readonly NumberedChange[] {
    return this.#latest.toReversed();
  }

  /** An account's history goes on under its new name. */
  rename(before: string, id: string): void {
    const changes = this.#byAccount.get(before);
    if (!changes) return;
    this.#byAccount.delete(before);
    this.#byAccount.set(id, changes);
  }
}

function keep<T>(list: T[], item: T, most: number): void {
  list.push(item);
  if (list.length > most) list.shift();
}
