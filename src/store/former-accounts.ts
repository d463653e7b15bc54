import type { Kysely } from "kysely";
import type { AccountSource, Schema } from "./schema.ts";

/** The sources whose accounts are configured, so that the configuration says which of them are gone. */
const CONFIGURED: readonly AccountSource[] = ["settings", "file"];

/**
 * Marks the configured accounts whose keys are not in use, and deletes those that have been gone for `keepMs`. An account of
 * the console is deleted as soon as the console has it no more. Every row is marked or deleted by its own key: another
 * process may have added rows meanwhile. Returns how many were deleted. `nowMs`: the database's time.
 */
export async function forgetFormer(
  db: Kysely<Schema>,
  inUse: ReadonlySet<string>,
  { keepMs, nowMs }: { readonly keepMs: number; readonly nowMs: number },
): Promise<number> {
  const rows = await db.selectFrom("account").select(["key", "removed_at"]).where("source", "in", CONFIGURED).execute();
  const [used, unused] = [rows.filter(({ key }) => inUse.has(key)), rows.filter(({ key }) => !inUse.has(key))];
  const mark = async (some: readonly { readonly key: string }[], removedAt: number | null): Promise<void> => {
    if (some.length === 0) return;
    await db.updateTable("account").set({ removed_at: removedAt }).where("key", "in", keysOf(some)).execute();
  };
  await mark(used, null);
  // If the clock was set back since, the time begins anew.
  const gone = unused.filter(({ removed_at: at }) => at === null || at > nowMs);
  await mark(gone, nowMs);
  const removed = await removeFormer(db);
  const expired = unused.filter((row) => (gone.includes(row) ? nowMs : (row.removed_at ?? 0)) <= nowMs - keepMs);
  if (expired.length === 0) return removed;
  const { numDeletedRows } = await db
    .deleteFrom("account")
    .where("key", "in", keysOf(expired))
    .where("removed_at", "is not", null)
    .executeTakeFirstOrThrow();
  return removed + Number(numDeletedRows);
}

/** Deletes what was stored of accounts that the console has no more. Returns how many there were. */
async function removeFormer(db: Kysely<Schema>): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom("account")
    .where("source", "=", "console")
    .where("key", "not in", (query) => query.selectFrom("console_account").select("key"))
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}

function keysOf(rows: readonly { readonly key: string }[]): string[] {
  return rows.map(({ key }) => key);
}
