import type { AccountRow, AccountRows } from "./account-row.ts";
import type { Database } from "./database.ts";
import type { Seal } from "./seal.ts";
import { StoreError } from "./store-error.ts";
import type { AccountIdentity } from "./stored-account.ts";

const LEGACY_PREFIX = "credential:";

export interface LegacyParts {
  readonly database: Database;
  readonly rows: AccountRows;
  /** Opens rows from before accounts were found by their sign-in. */
  readonly seal: Seal;
}

/**
 * Rows from before rows had a sign-in get it now: their key holds the id, and their digest tells the configured cookie. Gives
 * those of these accounts. @throws StoreError
 */
export async function adoptLegacy(
  { database, rows, seal }: LegacyParts,
  accounts: readonly AccountIdentity[],
): Promise<readonly AccountRow[]> {
  if (accounts.length === 0) return [];
  const legacy = await database.run((db) =>
    db.selectFrom("account").selectAll().where("key", "like", `${LEGACY_PREFIX}%`).execute(),
  );
  const adopted: AccountRow[] = [];
  for (const account of legacy.length > 0 ? accounts : []) {
    const row = legacy.find((one) => one.configured === seal.digest(account.cookie, one.key));
    if (row) adopted.push(await adopt({ database, rows, seal }, account, row));
  }
  return adopted;
}

async function adopt(
  { database, rows, seal }: LegacyParts,
  account: AccountIdentity,
  row: AccountRow,
): Promise<AccountRow> {
  const cookies = openedBy(seal, row);
  // It does not open under its new key, either.
  if (cookies === undefined) return { ...row, key: rows.keyOf(account) };
  const values = rows.namedAs(account, cookies);
  await database.run((db) => db.updateTable("account").set(values).where("key", "=", row.key).execute());
  return { ...row, ...values };
}

/** Undefined for a row that was altered. */
function openedBy(seal: Seal, { cookies, key }: AccountRow): string | undefined {
  try {
    return seal.open(cookies, key);
  } catch (cause) {
    if (cause instanceof StoreError) return undefined;
    throw cause;
  }
}
