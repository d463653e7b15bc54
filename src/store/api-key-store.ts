import type { Database } from "./database.ts";
import type { ApiKeyTable } from "./schema.ts";

/** A key of the console or the admin API. Times are milliseconds since the epoch. */
export interface StoredApiKey {
  readonly id: string;
  readonly name: string;
  /** SHA-256 of the secret, in hexadecimal digits. The secret itself is nowhere. */
  readonly hash: string;
  /** The first characters of the secret, by which people know it. */
  readonly prefix: string;
  /** How much of each kind the key may use; a kind that is not there has no limit. */
  readonly limits: Readonly<Record<string, number>>;
  /** The models that it may ask for; undefined if all. */
  readonly models: readonly string[] | undefined;
  readonly createdAt: number;
  readonly expiresAt: number | undefined;
  readonly lastUsedAt: number | undefined;
  readonly revokedAt: number | undefined;
}

/** The stored keys. All methods throw StoreError only. */
export class ApiKeyStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Whether other gateways make and change keys too. */
  get isShared(): boolean {
    return this.#database.isShared;
  }

  /** Every key, revoked ones too. */
  async all(): Promise<readonly StoredApiKey[]> {
    const rows = await this.#database.run((db) => db.selectFrom("api_key").selectAll().orderBy("created_at").execute());
    return rows.map(keyOf);
  }

  /** Adds the key, or changes the one with its id. */
  async save(key: StoredApiKey): Promise<void> {
    const { id, ...values } = rowOf(key);
    await this.#database.change("api_keys", (db) =>
      db
        .insertInto("api_key")
        .values({ id, ...values })
        .onConflict((conflict) => conflict.column("id").doUpdateSet(values))
        .execute(),
    );
  }

  /** Writes when keys were used last, by id. A later use that another gateway wrote stays. */
  async saveUse(lastUsedAt: ReadonlyMap<string, number>): Promise<void> {
    // In one order: two gateways that write at the same time wait for each other, and never in a circle.
    const sorted = [...lastUsedAt].toSorted(([one], [other]) => (one < other ? -1 : 1));
    await this.#database.run((db) =>
      db.transaction().execute(async (transaction) => {
        for (const [id, at] of sorted) {
          await transaction
            .updateTable("api_key")
            .set({ last_used_at: at })
            .where("id", "=", id)
            .where((where) => where.or([where("last_used_at", "is", null), where("last_used_at", "<", at)]))
            .execute();
        }
      }),
    );
  }

  async deleteRevokedBefore(at: number): Promise<void> {
    await this.#database.run((db) => db.deleteFrom("api_key").where("revoked_at", "<", at).execute());
  }
}

function keyOf(row: ApiKeyTable): StoredApiKey {
  return {
    id: row.id,
    name: row.name,
    hash: row.hash,
    prefix: row.prefix,
    limits: JSON.parse(row.limits) as StoredApiKey["limits"],
    models: row.models === null ? undefined : (JSON.parse(row.models) as string[]),
    createdAt: row.created_at,
    expiresAt: row.expires_at ?? undefined,
    lastUsedAt: row.last_used_at ?? undefined,
    revokedAt: row.revoked_at ?? undefined,
  };
}

function rowOf(key: StoredApiKey): ApiKeyTable {
  const { id, name, hash, prefix } = key;
  return {
    id,
    name,
    hash,
    prefix,
    limits: JSON.stringify(key.limits),
    models: key.models === undefined ? null : JSON.stringify(key.models),
    created_at: key.createdAt,
    expires_at: key.expiresAt ?? null,
    last_used_at: key.lastUsedAt ?? null,
    revoked_at: key.revokedAt ?? null,
  };
}
