import { sql } from "kysely";
import type { Migration } from "kysely/migration";
import { isPostgres } from "./engine.ts";

/** Sessions of the console, and stored responses. With SQLite both are in memory. */
export const sharedByReplicas: Migration = {
  async up(db) {
    if (!isPostgres(db)) return;
    await db.schema
      .createTable("console_session")
      .addColumn("digest", "text", (column) => column.primaryKey())
      .addColumn("id", "text", (column) => column.notNull().unique())
      .addColumn("ends_at", "bigint", (column) => column.notNull())
      .addColumn("idle_until", "bigint", (column) => column.notNull())
      .execute();
    await db.schema
      .createTable("stored_response")
      .addColumn("key_id", "text", (column) => column.notNull())
      .addColumn("id", "text", (column) => column.notNull())
      .addColumn("items", sql`text[]`, (column) => column.notNull())
      .addColumn("sealed", "text", (column) => column.notNull())
      .addColumn("bytes", "integer", (column) => column.notNull())
      .addColumn("used_at", "bigint", (column) => column.notNull())
      .addPrimaryKeyConstraint("stored_response_key", ["key_id", "id"])
      .execute();
    await db.schema.createIndex("stored_response_used_at").on("stored_response").column("used_at").execute();
    await db.schema.createIndex("stored_response_items").on("stored_response").using("gin").column("items").execute();
  },
};
