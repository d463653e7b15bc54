import { sql, type Kysely, type RawBuilder } from "kysely";
import type { AccountName } from "./account-name.ts";
import type { AccountRow } from "./account-row.ts";
import type { Schema } from "./schema.ts";

const TYPES: Readonly<Record<keyof AccountRow, string>> = {
  key: "text",
  id: "text",
  configured: "text",
  cookies: "text",
  state: "text",
  reason: "text",
  since: "bigint",
  next_try_at: "bigint",
  failures_in_a_row: "integer",
  sent_at: "text",
  source: "text",
};

export const ACCOUNT_COLUMNS = Object.keys(TYPES) as readonly (keyof AccountRow)[];

/** A row that may be stored while its account is owned under this epoch. */
export interface OwnedRow {
  readonly row: AccountRow;
  readonly epoch: number;
}

/**
 * The rows whose accounts nobody has taken since, with `ACCOUNT_COLUMNS`. A lock keeps others from taking them until the rows
 * are stored, and does not keep their owner from announcing prompts.
 */
export function whileOwned(rows: readonly OwnedRow[]): RawBuilder<unknown> {
  const columns = ACCOUNT_COLUMNS.map((name) => {
    return sql`${rows.map(({ row }) => row[name])}::${sql.raw(TYPES[name])}[]`;
  });
  const names = ACCOUNT_COLUMNS.map((name) => sql.ref(name));
  const given = ACCOUNT_COLUMNS.map((name) => sql.ref(`given.${name}`));
  return sql`
    SELECT ${sql.join(given)}
    FROM unnest(${sql.join(columns)}, ${rows.map(({ epoch }) => epoch)}::bigint[]) AS given (${sql.join(names)}, epoch)
    JOIN account_owner AS owned ON owned.key = given.key AND owned.epoch = given.epoch
    ORDER BY owned.key FOR KEY SHARE OF owned`;
}

interface AnnouncedTurn extends AccountName {
  readonly at: number;
}

/** When replicas announced a prompt of these accounts last, in the database's time. */
export async function announcedTurns(
  db: Kysely<Schema>,
  names: readonly AccountName[],
): Promise<readonly AnnouncedTurn[]> {
  const { rows } = await sql<AnnouncedTurn>`
    SELECT key, id, turn_at AS at FROM account_owner
    WHERE turn_at IS NOT NULL
      AND (key = ANY (${names.map(({ key }) => key)}::text[]) OR id = ANY (${names.map(({ id }) => id)}::text[]))`.execute(
    db,
  );
  return rows;
}
