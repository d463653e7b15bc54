import { sql, type Kysely } from "kysely";
import type { AccountTable, Schema } from "./schema.ts";

type AccountRow = Omit<AccountTable, "removed_at">;

/** The row, if nobody has taken the account since. The lock keeps others from taking it until the row is stored. */
export function whileOwned(db: Kysely<Schema>, row: AccountRow, epoch = 0) {
  return db
    .selectFrom("account_owner")
    .select(columnsOf(row).map((name) => sql.val(row[name]).as(name)))
    .where("key", "=", row.key)
    .where("epoch", "=", epoch)
    .forShare();
}

export function columnsOf(row: AccountRow): (keyof AccountRow)[] {
  return Object.keys(row) as (keyof AccountRow)[];
}

/** When a replica announced a prompt of the account last, in the database's time. */
export async function lastTurnAt(
  db: Kysely<Schema>,
  { key, id }: { readonly key: string; readonly id: string },
): Promise<number | undefined> {
  const row = await db
    .selectFrom("account_owner")
    .select(({ fn }) => fn.max("turn_at").as("at"))
    .where((where) => where.or([where("id", "=", id), where("key", "=", key)]))
    .executeTakeFirst();
  return row?.at ?? undefined;
}
