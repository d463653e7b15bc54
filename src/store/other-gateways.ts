import { sql } from "kysely";
import type { Database } from "./database.ts";
import { GATEWAY_NAME } from "./postgres-pool.ts";
import { StoreError } from "./store-error.ts";

/** @throws StoreError `store_in_use` while a gateway has a connection to this PostgreSQL database. */
export async function refuseWhileServed(database: Database): Promise<void> {
  const { rows } = await database.run((db) =>
    sql`
      SELECT 1 FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = ${GATEWAY_NAME} LIMIT 1`.execute(db),
  );
  if (rows.length === 0) return;
  throw new StoreError("store_in_use", `A gateway uses ${database.place}: stop every replica first.`);
}
