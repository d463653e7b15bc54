import type { Database } from "./database.ts";

/** The end of an account's sign-in that the operator was told. */
export interface ToldExpiry {
  readonly account: string;
  /** In Unix time, milliseconds. */
  readonly expiresAt: number;
}

/** That the operator was told still says of a newer sign-in that the site renews it. */
const KEPT_AFTER_MS = 30 * 86_400_000;

/** Which ends of sign-ins the operator was told last, by account. All methods throw StoreError only. */
export class ToldExpiryStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Forgets those that are long over. */
  async load(nowMs = Date.now()): Promise<readonly ToldExpiry[]> {
    const rows = await this.#database.run(async (db) => {
      await db
        .deleteFrom("told_expiry")
        .where("expires_at", "<", nowMs - KEPT_AFTER_MS)
        .execute();
      return await db.selectFrom("told_expiry").selectAll().execute();
    });
    return rows.map(({ account, expires_at: expiresAt }) => ({ account, expiresAt }));
  }

  /** Resolves with whether this end is news; it is none if it was saved before, here or by another replica. */
  async save({ account, expiresAt }: ToldExpiry): Promise<boolean> {
    const saved = await this.#database.run((db) =>
      db
        .insertInto("told_expiry")
        .values({ account, expires_at: expiresAt })
        .onConflict((conflict) =>
          conflict
            .column("account")
            .doUpdateSet({ expires_at: expiresAt })
            .where("told_expiry.expires_at", "!=", expiresAt),
        )
        .returning("account")
        .execute(),
    );
    return saved.length > 0;
  }
}
