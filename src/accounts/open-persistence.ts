import type { Log } from "../observe/log.ts";
import type { Store } from "../store/store.ts";
import { AccountPersistence, type AccountPersistenceOptions } from "./account-persistence.ts";

/** What is stored of the accounts, with a look at the store now and then. */
export function openPersistence(
  store: Store,
  options: Omit<AccountPersistenceOptions, "tryWriting">,
  log: Log,
): AccountPersistence {
  return new AccountPersistence(store.accounts, log, { ...options, tryWriting: () => store.assertWritable() });
}

/** What an operator should mend although requests are answered. */
export function warningsOf({ problem }: AccountPersistence): readonly string[] {
  return problem === undefined ? [] : [`changes of the accounts are not stored: ${problem}`];
}
