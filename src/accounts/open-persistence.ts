import type { Log } from "../observe/log.ts";
import { usableFolder } from "../process/machine-checks.ts";
import type { Store } from "../store/store.ts";
import { AccountPersistence, type AccountPersistenceOptions } from "./account-persistence.ts";

export interface OpenPersistenceOptions extends Omit<AccountPersistenceOptions, "tryWriting"> {
  readonly stateDir: string;
}

/** What is stored of the accounts, with a look at STATE_DIR now and then. */
export function openPersistence(
  store: Store,
  { stateDir, ...options }: OpenPersistenceOptions,
  log: Log,
): AccountPersistence {
  const tryWriting = async (): Promise<void> => {
    await store.assertInPlace();
    await usableFolder("STATE_DIR", stateDir);
  };
  return new AccountPersistence(store.accounts, log, { ...options, tryWriting });
}

/** What an operator should mend although requests are answered. */
export function warningsOf({ problem }: AccountPersistence): readonly string[] {
  return problem === undefined ? [] : [`changes of the accounts are not stored: ${problem}`];
}
