import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { SqliteDialect, type SqliteStatement } from "kysely";

/** A kysely dialect over node:sqlite. Kysely's own expects better-sqlite3, so node:sqlite takes its shape here. */
export function sqliteDialect(sqlite: DatabaseSync): SqliteDialect {
  return new SqliteDialect({
    database: { close: () => sqlite.close(), prepare: (sql) => statementOf(sqlite, sql) },
  });
}

function statementOf(sqlite: DatabaseSync, sql: string): SqliteStatement {
  const statement = sqlite.prepare(sql);
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...(parameters as SQLInputValue[])),
    run: (parameters) => statement.run(...(parameters as SQLInputValue[])),
    iterate: (parameters) => statement.iterate(...(parameters as SQLInputValue[])),
  };
}
