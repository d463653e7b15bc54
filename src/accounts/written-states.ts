import { hash } from "node:crypto";
import type { Account } from "../pool/account.ts";
import type { StoredAccount } from "../store/stored-account.ts";

/** What is the same is written again after this time, in case its row is gone. */
const SAME_FOR_MS = 60_000;

interface Written {
  readonly digest: string;
  /** Monotonic. */
  readonly atMs: number;
}

/** What was written of each account last: most events of an account that serves change nothing that is stored. */
export class WrittenStates {
  readonly #written = new WeakMap<Account, Written>();

  /** Whether this was written a short time ago, and nothing else since. */
  has(account: Account, stored: StoredAccount): boolean {
    const written = this.#written.get(account);
    if (!written || performance.now() - written.atMs > SAME_FOR_MS) return false;
    return written.digest === digestOf(stored);
  }

  note(account: Account, stored: StoredAccount): void {
    this.#written.set(account, { digest: digestOf(stored), atMs: performance.now() });
  }
}

function digestOf(stored: StoredAccount): string {
  return hash("sha256", JSON.stringify(stored), "base64");
}
