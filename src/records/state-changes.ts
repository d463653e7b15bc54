import type { AccountEvent } from "../pool/account-event.ts";
import type { AccountState } from "../pool/account-state.ts";
import type { NewEvent } from "../store/event-records.ts";

/** An account in one of these serves as usual: it changes between them with every request. */
const IN_USE: ReadonlySet<AccountState> = new Set(["idle", "ready", "busy", "rate_limited"]);
/** On the way from one state to another. */
const PASSING: ReadonlySet<AccountState> = new Set(["opening", "draining"]);

/** Finds the changes of state that an operator looks back for, among all that an account goes through. */
export class StateChanges {
  /** The state that is known last of each account, if it is not in use. */
  readonly #last = new Map<string, AccountState>();

  /** Undefined for what is not worth keeping. */
  read(event: AccountEvent): NewEvent | undefined {
    if (event.kind !== "state" || PASSING.has(event.to)) return undefined;
    const { accountId: account, to, reason, since: at, nextTryAt } = event;
    const before = this.#last.get(account);
    const isInUse = IN_USE.has(to);
    if (isInUse ? before === undefined : before === to) return undefined;
    if (isInUse) this.#last.delete(account);
    else this.#last.set(account, to);
    return {
      at,
      kind: "state",
      account,
      actor: null,
      summary: isInUse ? `${account} works again.` : `${account} is ${to}: ${reason}`,
      before: { state: before ?? event.from },
      after: { state: to, reason, nextTryAt: nextTryAt ?? null },
    };
  }
}
