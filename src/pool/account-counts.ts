import type { AccountEvent } from "./account-event.ts";
import type { AccountState } from "./account-state.ts";

/** In these an account serves again. */
const SERVES: ReadonlySet<AccountState> = new Set(["ready", "busy", "rate_limited"]);
/** In these a challenge is over for another reason. */
const LEFT: ReadonlySet<AccountState> = new Set(["disabled", "expired", "draining"]);

/** Counts what happens to the accounts of a pool, since the start. */
export class AccountCounts {
  /** The state that a challenge has brought each account into. */
  readonly #challenged = new Map<string, AccountState>();
  /**
   * Challenges that took an account out of service. `solved`: by the browser · `unsolved`: left to a person · `recovered`: the
   * account serves again after that.
   */
  readonly challenges = new Map<string, number>();
  /** Pages that were replaced or opened anew, by why. */
  readonly renewals = new Map<string, number>();

  onEvent(event: AccountEvent): void {
    if (event.kind === "page_renewed") count(this.renewals, event.reason);
    else if (event.kind === "state") this.#follow(event.accountId, event.to);
  }

  #follow(account: string, to: AccountState): void {
    const before = this.#challenged.get(account);
    if (to === "challenged" || to === "needs_attention") {
      this.#challenged.set(account, to);
      if (to === "needs_attention" && before !== to) count(this.challenges, "unsolved");
    } else if (before !== undefined && SERVES.has(to)) {
      this.#challenged.delete(account);
      count(this.challenges, before === "challenged" ? "solved" : "recovered");
    } else if (LEFT.has(to)) this.#challenged.delete(account);
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
