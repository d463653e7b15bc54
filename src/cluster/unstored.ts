import type { AccountPersistence } from "../accounts/account-persistence.ts";
import type { Log } from "../observe/log.ts";
import { withTimeout } from "../process/with-timeout.ts";

export type UnstoredAccounts = Pick<AccountPersistence, "distrustStore" | "flush">;

const FLUSH_LIMIT_MS = 5_000;
/** Then accounts are taken although what could not be stored of them is lost: nobody would serve them otherwise. */
const UNSTORED_LIMIT_MS = 60_000;

/**
 * What could not be stored of accounts that were lost with the database. It is stored before any of them is taken again, since
 * it would be refused afterwards, as a former owner's.
 */
export class Unstored {
  readonly #accounts: UnstoredAccounts;
  readonly #log: Log;
  #mayBe = false;
  /** On the monotonic clock, from the first try to store it on. */
  #untilMs: number | undefined;

  constructor(accounts: UnstoredAccounts, log: Log) {
    this.#accounts = accounts;
    this.#log = log;
  }

  /** Accounts were lost. */
  begin(): void {
    this.#accounts.distrustStore();
    this.#mayBe = true;
  }

  /** Stores it, and gives whether accounts may be taken again. A later call tries once more. Never rejects. */
  async flush(): Promise<boolean> {
    if (!this.#mayBe) return true;
    const nowMs = performance.now();
    this.#untilMs ??= nowMs + UNSTORED_LIMIT_MS;
    if (!(await withTimeout(this.#accounts.flush(), FLUSH_LIMIT_MS, () => false))) {
      if (nowMs < this.#untilMs) return false;
      this.#log.error("accounts are taken again although newer sign-ins of theirs could not be stored; these are lost");
    }
    this.#mayBe = false;
    this.#untilMs = undefined;
    return true;
  }
}
