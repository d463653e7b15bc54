import type { AccountEvent, StateChange } from "../pool/account-event.ts";
import type { AccountState } from "../pool/account-state.ts";

const KEPT = 50;
/** An account changes between these with every request. Of such changes only so many are kept, so that others stay. */
const ORDINARY: ReadonlySet<AccountState> = new Set(["idle", "opening", "ready", "busy", "rate_limited"]);
const KEPT_ORDINARY = 15;
/** Of more accounts than a gateway has, the ones that changed longest ago are forgotten. */
const MAX_ACCOUNTS = 2_000;

/** The last changes of each account's state, in memory. */
export class AccountHistory {
  /** Oldest first. */
  readonly #byAccount = new Map<string, StateChange[]>();

  onEvent(event: AccountEvent): void {
    if (event.kind !== "state") return;
    const changes = this.#byAccount.get(event.accountId) ?? [];
    changes.push(event);
    const ordinary = changes.filter(isOrdinary);
    const surplus = ordinary.length > KEPT_ORDINARY ? ordinary[0] : changes.length > KEPT ? changes[0] : undefined;
    if (surplus) changes.splice(changes.indexOf(surplus), 1);
    // The map is in the order of the last changes.
    this.#byAccount.delete(event.accountId);
    this.#byAccount.set(event.accountId, changes);
    const [oldest] = this.#byAccount.keys();
    if (this.#byAccount.size > MAX_ACCOUNTS && oldest !== undefined) this.#byAccount.delete(oldest);
  }

  /** Newest first. */
  of(id: string): readonly StateChange[] {
    return (this.#byAccount.get(id) ?? []).toReversed();
  }

  /** An account's history goes on under its new name. */
  rename(before: string, id: string): void {
    const changes = this.#byAccount.get(before);
    if (!changes) return;
    this.#byAccount.delete(before);
    this.#byAccount.set(id, changes);
  }
}

function isOrdinary({ from, to }: StateChange): boolean {
  return ORDINARY.has(from) && ORDINARY.has(to);
}
