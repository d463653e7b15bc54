import { AccountStore } from "./account-store.ts";
import { ApiKeyStore } from "./api-key-store.ts";
import { ConsoleAccountStore } from "./console-account-store.ts";
import { ConsoleSessionStore } from "./console-session-store.ts";
import type { Database } from "./database.ts";
import type { StoreClock } from "./database-clock.ts";
import { claimKey } from "./key-claim.ts";
import { KeyUseStore } from "./key-use-store.ts";
import { refuseWhileServed } from "./other-gateways.ts";
import { PostgresChanges } from "./postgres-changes.ts";
import { PostgresDatabase } from "./postgres-database.ts";
import { COMMAND_NAME } from "./postgres-pool.ts";
import { RecordStore } from "./record-store.ts";
import { obtainSecretKey } from "./secret-key.ts";
import { ResponseRows } from "./response-rows.ts";
import { SharedKeyUse } from "./shared-key-use.ts";
import { SqliteFile } from "./sqlite-file.ts";
import { NO_CHANGES, type StoreChanges } from "./store-changes.ts";
import { ToldExpiryStore } from "./told-expiry-store.ts";

/** What must survive a restart. Each kind of record has one member. */
export interface Store extends AsyncDisposable {
  readonly accounts: AccountStore;
  readonly apiKeys: ApiKeyStore;
  readonly consoleAccounts: ConsoleAccountStore;
  readonly keyUse: KeyUseStore;
  /** Where gateways share what is stored, they count here together. */
  readonly sharedKeyUse: SharedKeyUse | undefined;
  readonly records: RecordStore;
  /** By which the times are stored that replicas share. */
  readonly clock: StoreClock;
  readonly toldExpiries: ToldExpiryStore;
  /** Where gateways share what is stored, and otherwise in memory: stored responses, and the console's sessions. */
  readonly responses: ResponseRows | undefined;
  readonly consoleSessions: ConsoleSessionStore | undefined;
  /** What other gateways with this database change. */
  readonly changes: StoreChanges;
  /** @throws StoreError when nothing can be written, or the database is no longer where it was opened. */
  assertWritable(): Promise<void>;
}

export interface StoreOptions {
  readonly stateDir: string;
  /** SECRET_KEY; undefined if the key is kept in `stateDir`, which does for SQLite only. */
  readonly secretKey: string | undefined;
  /** DATABASE_URL, of PostgreSQL. Without it, SQLite keeps everything in `stateDir`. */
  readonly databaseUrl?: string | undefined;
  /** DATABASE_DIRECT_URL */
  readonly directUrl?: string | undefined;
}

/** Opens the database for a command that may not run beside a gateway. @throws StoreError `store_in_use` while one runs. */
export async function openStoreAlone(options: StoreOptions): Promise<Store> {
  if (options.databaseUrl === undefined) return openStore(options);
  await using opened = new AsyncDisposableStack();
  const { databaseUrl, directUrl } = options;
  const database = opened.use(await PostgresDatabase.open({ databaseUrl, directUrl, applicationName: COMMAND_NAME }));
  await refuseWhileServed(database);
  return openStore(options);
}

/** Opens the database. @throws StoreError `seal_broken` if another SECRET_KEY seals what is stored. */
export async function openStore(options: StoreOptions): Promise<Store> {
  await using opened = new AsyncDisposableStack();
  const secretKey = await obtainSecretKey(options.stateDir, options.secretKey);
  const database = opened.use(await openDatabase(options));
  const dataKey = await claimKey(database, secretKey);
  const accounts = new AccountStore(database, { dataKey, secretKey });
  const apiKeys = new ApiKeyStore(database);
  const records = new RecordStore(database, dataKey);
  const changes = await openChanges(database, options);
  if (changes) opened.use(changes);
  const stack = opened.move();
  return {
    accounts,
    apiKeys,
    consoleAccounts: new ConsoleAccountStore(database, dataKey),
    keyUse: new KeyUseStore(database),
    sharedKeyUse: database.isShared ? new SharedKeyUse(database) : undefined,
    records,
    clock: database.clock,
    toldExpiries: new ToldExpiryStore(database),
    responses: database.isShared ? new ResponseRows(database, dataKey) : undefined,
    consoleSessions: database.isShared ? new ConsoleSessionStore(database) : undefined,
    changes: changes ?? NO_CHANGES,
    assertWritable: () => database.assertWritable(),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** PostgreSQL with DATABASE_URL, else SQLite in STATE_DIR. @throws StoreError */
export function openDatabase({ stateDir, databaseUrl, directUrl }: Omit<StoreOptions, "secretKey">): Promise<Database> {
  if (databaseUrl === undefined) return SqliteFile.open(stateDir);
  return PostgresDatabase.open({ databaseUrl, directUrl });
}

async function openChanges(
  database: Database,
  { databaseUrl, directUrl = databaseUrl }: StoreOptions,
): Promise<PostgresChanges | undefined> {
  return directUrl === undefined ? undefined : PostgresChanges.open(database, { directUrl });
}
