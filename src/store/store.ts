import { AccountStore } from "./account-store.ts";
import { ApiKeyStore } from "./api-key-store.ts";
import { ConsoleAccountStore } from "./console-account-store.ts";
import { claimKey } from "./key-claim.ts";
import { KeyUseStore } from "./key-use-store.ts";
import { RecordStore } from "./record-store.ts";
import { obtainSecretKey } from "./secret-key.ts";
import { SqliteFile } from "./sqlite-file.ts";

/** What must survive a restart. Each kind of record has one member. */
export interface Store extends AsyncDisposable {
  readonly accounts: AccountStore;
  readonly apiKeys: ApiKeyStore;
  readonly consoleAccounts: ConsoleAccountStore;
  readonly keyUse: KeyUseStore;
  readonly records: RecordStore;
  /** @throws StoreError when the database is no longer where it was opened. */
  assertInPlace(): Promise<void>;
}

export interface StoreOptions {
  readonly stateDir: string;
  /** SECRET_KEY; undefined if the key is kept in `stateDir`. */
  readonly secretKey: string | undefined;
}

/** Opens the database in the folder. @throws StoreError `seal_broken` if another SECRET_KEY seals what is stored. */
export async function openStore({ stateDir, secretKey: configured }: StoreOptions): Promise<Store> {
  await using opened = new AsyncDisposableStack();
  const secretKey = await obtainSecretKey(stateDir, configured);
  const database = opened.use(await SqliteFile.open(stateDir));
  const dataKey = await claimKey(database, secretKey);
  const accounts = new AccountStore(database, { dataKey, secretKey });
  const apiKeys = new ApiKeyStore(database);
  const records = new RecordStore(database, dataKey);
  const stack = opened.move();
  return {
    accounts,
    apiKeys,
    consoleAccounts: new ConsoleAccountStore(database, dataKey),
    keyUse: new KeyUseStore(database),
    records,
    assertInPlace: () => database.assertInPlace(),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
