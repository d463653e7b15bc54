import { sql, type RawBuilder } from "kysely";
import type { Database } from "./database.ts";
import { STATEMENT_NOW } from "./statement-now.ts";

/** How much a window of a key is to grow, and how long it lasts where it begins now. */
export interface KeyUseChange {
  /** Which of the key's limits. */
  readonly window: string;
  /** Negative to take away. */
  readonly points: number;
  readonly lastsMs: number;
}

export interface KeyUse {
  readonly window: string;
  readonly used: number;
  readonly leftMs: number;
}

/** How many requests of a key run at a gateway. */
export interface RunningRequests {
  readonly keyId: string;
  /** The gateway. */
  readonly holder: string;
  readonly running: number;
  /** Later numbers of the same gateway hold, whatever comes first. */
  readonly number: number;
}

/** A gateway that says nothing for so long has ended. */
const HOLDER_LIMIT_MS = 30_000;

/** What keys use, counted in PostgreSQL for all gateways, by its clock. All methods throw StoreError only. */
export class SharedKeyUse {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Adds to all of them in one step. Gives what is used then. */
  async add(keyId: string, changes: readonly KeyUseChange[]): Promise<readonly KeyUse[]> {
    // In one order: two gateways that count at the same time wait for each other, and never in a circle.
    const rows = changes
      .toSorted((one, other) => (one.window < other.window ? -1 : 1))
      .map(
        ({ window, points, lastsMs }) =>
          sql`(${keyId}, ${window}, ${Math.max(0, points)}::bigint, ${STATEMENT_NOW} + ${lastsMs}, ${points}::bigint)`,
      );
    const { rows: counted } = await this.#database.run((db) =>
      sql<KeyUse>`
        WITH given (key_id, "window", used, ends_at, points) AS (VALUES ${sql.join(rows)})
        INSERT INTO key_use AS k (key_id, "window", used, ends_at) SELECT key_id, "window", used, ends_at FROM given
        ON CONFLICT (key_id, "window") DO UPDATE SET
          used = CASE WHEN k.ends_at <= ${STATEMENT_NOW} THEN excluded.used
            ELSE greatest(0, k.used + (SELECT points FROM given WHERE given."window" = k."window")) END,
          ends_at = CASE WHEN k.ends_at <= ${STATEMENT_NOW} THEN excluded.ends_at ELSE k.ends_at END
        RETURNING "window", used, ends_at - ${STATEMENT_NOW} AS "leftMs"`.execute(db),
    );
    return counted;
  }

  /** Windows that are over are not among them. */
  async read(keyId: string): Promise<readonly KeyUse[]> {
    const { rows } = await this.#database.run((db) =>
      sql<KeyUse>`
        SELECT "window", used, ends_at - ${STATEMENT_NOW} AS "leftMs" FROM key_use WHERE key_id = ${keyId} AND ends_at > ${STATEMENT_NOW}`.execute(
        db,
      ),
    );
    return rows;
  }

  async deleteOver(): Promise<void> {
    // Rows that somebody counts in at this moment are left for the next time: it never waits for them.
    await this.#database.run((db) =>
      sql`
        DELETE FROM key_use WHERE (key_id, "window") IN
          (SELECT key_id, "window" FROM key_use WHERE ends_at <= ${STATEMENT_NOW} FOR UPDATE SKIP LOCKED)`.execute(db),
    );
  }

  /**
   * Says how many run here. Of those that ask, lets in as many as all gateways together may still have, and returns how many that are.
   */
  async run(
    { keyId, holder, running, number }: RunningRequests,
    { asked, limit }: { readonly asked: number; readonly limit: number },
  ): Promise<number> {
    const others = sql`jsonb_each(k.holders) WHERE key <> ${holder} AND (value->>1)::bigint > ${STATEMENT_NOW}`;
    /** What the database knows of this gateway then, where so many run at the others. */
    const here = (elsewhere: RawBuilder<unknown>): RawBuilder<unknown> => {
      const letIn = sql`least(${asked}::int, greatest(0, ${limit}::int - ${running}::int - ${elsewhere}))`;
      return sql`jsonb_build_array(${running}::int + ${letIn}, ${STATEMENT_NOW} + ${HOLDER_LIMIT_MS}, ${number}::bigint)`;
    };
    const elsewhere = sql`(SELECT coalesce(sum((value->>0)::int), 0) FROM ${others})`;
    const { rows } = await this.#database.run((db) =>
      sql<{ readonly running: number }>`
        INSERT INTO key_running AS k (key_id, holders)
        VALUES (${keyId}, jsonb_build_object(${holder}::text, ${here(sql`0`)}))
        ON CONFLICT (key_id) DO UPDATE SET holders =
          coalesce((SELECT jsonb_object_agg(key, value) FROM ${others}), '{}') || jsonb_build_object(${holder}::text, CASE
            WHEN (k.holders->${holder}->>2)::bigint > ${number} THEN k.holders->${holder} ELSE ${here(elsewhere)} END)
        RETURNING (holders->${holder}->>0)::int AS running`.execute(db),
    );
    return Math.max(0, (rows[0]?.running ?? 0) - running);
  }

  /** At all gateways but this one. */
  async runningElsewhere(keyId: string, holder: string): Promise<number> {
    const { rows } = await this.#database.run((db) =>
      sql<{ readonly running: number }>`
        SELECT coalesce(sum((value->>0)::int), 0) AS running FROM key_running k, jsonb_each(k.holders)
        WHERE key_id = ${keyId} AND key <> ${holder} AND (value->>1)::bigint > ${STATEMENT_NOW}`.execute(db),
    );
    return rows[0]?.running ?? 0;
  }
}
