import type { StoreClock } from "./database-clock.ts";
import type { AccountTable } from "./schema.ts";
import type { Seal } from "./seal.ts";
import { StoreError } from "./store-error.ts";
import type { AccountIdentity, AccountSave, LoadedAccount } from "./stored-account.ts";

export type AccountRow = Omit<AccountTable, "removed_at">;

/** Turns accounts into rows and back: cookies are sealed, and times are the database's. */
export class AccountRows {
  readonly #seal: Seal;
  readonly #clock: StoreClock;

  constructor(seal: Seal, clock: StoreClock) {
    this.#seal = seal;
    this.#clock = clock;
  }

  /** What an account's row is found by. */
  keyOf({ signInKey }: Pick<AccountIdentity, "signInKey">): string {
    return accountKey(this.#seal, signInKey);
  }

  rowOf({ account, stored }: AccountSave): AccountRow {
    const { state, reason, since, nextTryAt, failuresInARow, sentAt } = stored;
    const clock = this.#clock;
    return {
      ...this.namedAs(account, stored.cookies),
      source: account.source ?? "settings",
      state,
      reason,
      since: clock.toStored(since),
      next_try_at: nextTryAt === undefined ? null : clock.toStored(nextTryAt),
      failures_in_a_row: failuresInARow,
      sent_at: JSON.stringify(sentAt.map((at) => clock.toStored(at))),
    };
  }

  /** What of a row depends on how the account is configured. */
  namedAs(account: AccountIdentity, cookies: string): Pick<AccountRow, "key" | "id" | "configured" | "cookies"> {
    const key = this.keyOf(account);
    const configured = this.#seal.digest(account.cookie, key);
    return { key, id: account.id, configured, cookies: this.#seal.seal(cookies, key) };
  }

  /** StoreError `seal_broken` for a row that does not open. */
  opened(account: AccountIdentity, row: AccountRow): LoadedAccount | StoreError {
    const { key, state, reason, since, next_try_at: nextTryAt, failures_in_a_row: failuresInARow } = row;
    const clock = this.#clock;
    try {
      return {
        cookies: this.#seal.open(row.cookies, key),
        state,
        reason,
        since: clock.toLocal(since),
        nextTryAt: nextTryAt === null ? undefined : clock.toLocal(nextTryAt),
        failuresInARow,
        sentAt: this.sentAtOf(row),
        isConfiguredAnew: row.configured !== this.#seal.digest(account.cookie, key),
      };
    } catch (cause) {
      if (cause instanceof StoreError) return cause;
      throw cause;
    }
  }

  /** Milliseconds since the epoch. */
  sentAtOf({ sent_at: sentAt }: Pick<AccountRow, "sent_at">): readonly number[] {
    return (JSON.parse(sentAt) as number[]).map((at) => this.#clock.toLocal(at));
  }
}

/** What an account's row is found by. It is also the context in which its cookies are sealed. */
export function accountKey(seal: Seal, signInKey: string): string {
  return `account:${seal.digest(signInKey, "sign-in")}`;
}
