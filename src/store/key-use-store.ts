import type { Database } from "./database.ts";
import type { KeyUseTable } from "./schema.ts";

/** What a key has used in a window that lasts. */
export interface StoredKeyUse {
  readonly keyId: string;
  /** Which of its limits. */
  readonly window: string;
  readonly used: number;
  /** When the window is over, in Unix time, milliseconds. */
  readonly endsAt: number;
}

/** What keys used of their day. All methods throw StoreError only. */
export class KeyUseStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Windows that are over are not among them. */
  async all(nowMs = Date.now()): Promise<readonly StoredKeyUse[]> {
    const rows = await this.#database.run((db) =>
      db.selectFrom("key_use").selectAll().where("ends_at", ">", nowMs).execute(),
    );
    return rows.map((row) => ({ keyId: row.key_id, window: row.window, used: row.used, endsAt: row.ends_at }));
  }

  /** Writes the counts, and deletes those of windows that are over. */
  async save(uses: readonly StoredKeyUse[], nowMs = Date.now()): Promise<void> {
    await this.#database.run(async (db) => {
      await db.deleteFrom("key_use").where("ends_at", "<=", nowMs).execute();
      const rows = uses.map(({ keyId, window, used, endsAt }): KeyUseTable => {
        return { key_id: keyId, window, used, ends_at: endsAt };
      });
      for (const row of rows) {
        const { used, ends_at: endsAt } = row;
        await db
          .insertInto("key_use")
          .values(row)
          .onConflict((conflict) => conflict.columns(["key_id", "window"]).doUpdateSet({ used, ends_at: endsAt }))
          .execute();
      }
    });
  }
}
