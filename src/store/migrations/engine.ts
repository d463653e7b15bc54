import { PostgresAdapter, sql, type QueryExecutorProvider } from "kysely";

export function isPostgres(db: QueryExecutorProvider): boolean {
  return db.getExecutor().adapter instanceof PostgresAdapter;
}

/** Where tables are made: a database may have others, with another gateway's. Undefined in SQLite. */
export async function schemaOf(db: QueryExecutorProvider): Promise<string | undefined> {
  if (!isPostgres(db)) return undefined;
  const { rows } = await sql<{ readonly name: string | null }>`SELECT current_schema() AS name`.execute(db);
  return rows[0]?.name ?? undefined;
}
