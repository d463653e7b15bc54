import type { Migration } from "kysely/migration";
import { isPostgres } from "./engine.ts";

/** Which replicas there are, who has which account, and which prompts were announced. SQLite has one process only. */
export const cluster: Migration = {
  async up(db) {
    if (!isPostgres(db)) return;
    await db.schema
      .createTable("replica")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("url", "text", (column) => column.notNull())
      .addColumn("token", "text", (column) => column.notNull())
      .addColumn("backend_pid", "integer", (column) => column.notNull())
      .addColumn("backend_start", "timestamptz", (column) => column.notNull())
      .addColumn("version", "text", (column) => column.notNull())
      .addColumn("protocol", "integer", (column) => column.notNull())
      .addColumn("weight", "integer", (column) => column.notNull())
      .addColumn("is_draining", "boolean", (column) => column.notNull())
      .addColumn("seen_at", "bigint", (column) => column.notNull())
      .execute();
    await db.schema
      .createTable("account_owner")
      .addColumn("key", "text", (column) => column.primaryKey())
      .addColumn("id", "text", (column) => column.notNull())
      .addColumn("owner", "text")
      .addColumn("epoch", "bigint", (column) => column.notNull())
      .addColumn("turn", "bigint", (column) => column.notNull())
      .addColumn("turn_request", "text")
      .addColumn("turn_at", "bigint")
      .addColumn("turn_until", "bigint")
      .execute();
    await db.schema.createIndex("account_owner_id").on("account_owner").column("id").execute();
    await db.schema
      .createTable("turn")
      .addColumn("id", "text", (column) => column.primaryKey())
      // Null if it was called off before it was announced.
      .addColumn("replica", "text")
      .addColumn("at", "bigint", (column) => column.notNull())
      .execute();
  },
};
