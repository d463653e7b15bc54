import { promisify } from "node:util";
import { deflateRaw, inflateRaw } from "node:zlib";
import { sql } from "kysely";
import type { Database } from "./database.ts";
import { Seal } from "./seal.ts";
import { STATEMENT_NOW } from "./statement-now.ts";

/** What is stored of a response of the API. */
export interface ResponseRow {
  readonly id: string;
  /** What a later request may refer to. */
  readonly itemIds: readonly string[];
  /** A JSON value. */
  readonly value: object;
}

export interface ResponseRowLimits {
  readonly maxResponses: number;
  /** As they are stored, which is compressed. */
  readonly maxBytes: number;
  /** Since it was last used. */
  readonly lifetimeMs: number;
}

const LIMITS: ResponseRowLimits = {
  maxResponses: 10_000,
  maxBytes: 512 * 1024 * 1024,
  lifetimeMs: 24 * 60 * 60 * 1000,
};
const PRUNE_EVERY_MS = 10_000;
/** So many go at once, until the rest fits. */
const PRUNED_AT_ONCE = 50;
/** A conversation is larger than any request's body only if it grew for long. */
const MAX_VALUE_BYTES = 128 * 1024 * 1024;

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

/**
 * Stored responses in PostgreSQL, for all gateways, each visible to its owner only. When there are too many, the owner with the
 * most loses the least recently used ones. All methods throw StoreError only.
 */
export class ResponseRows {
  readonly #database: Database;
  readonly #seal: Seal;
  readonly #limits: ResponseRowLimits;
  /** Monotonic. */
  #prunedAtMs = 0;

  constructor(database: Database, dataKey: Buffer, limits: Partial<ResponseRowLimits> = {}) {
    this.#database = database;
    this.#seal = new Seal(dataKey);
    this.#limits = { ...LIMITS, ...limits };
  }

  async add(owner: string, { id, itemIds, value }: ResponseRow): Promise<void> {
    const packed = (await deflate(JSON.stringify(value))).toString("base64");
    const sealed = this.#seal.seal(packed, contextOf(owner, id));
    const items = itemIds.map((itemId) => this.#placeOf(owner, itemId));
    await this.#database.run((db) =>
      sql`
        INSERT INTO stored_response (key_id, id, items, sealed, bytes, used_at)
        VALUES (${owner}, ${id}, ${items}, ${sealed}, ${sealed.length}, ${STATEMENT_NOW}) ON CONFLICT DO NOTHING`.execute(
        db,
      ),
    );
    if (performance.now() - this.#prunedAtMs < PRUNE_EVERY_MS) return;
    this.#prunedAtMs = performance.now();
    await this.prune();
  }

  /** That it is asked for counts as a use of it. */
  async find(owner: string, id: string): Promise<object | undefined> {
    const { rows } = await this.#database.run((db) =>
      sql<{ readonly sealed: string }>`
        UPDATE stored_response SET used_at = ${STATEMENT_NOW}
        WHERE key_id = ${owner} AND id = ${id} AND used_at > ${this.#oldest()} RETURNING sealed`.execute(db),
    );
    return rows[0] && this.#open(rows[0].sealed, contextOf(owner, id));
  }

  /** As `find`, without reading it. Returns whether it is there. */
  async touch(owner: string, id: string): Promise<boolean> {
    const { rows } = await this.#database.run((db) =>
      sql`
        UPDATE stored_response SET used_at = ${STATEMENT_NOW}
        WHERE key_id = ${owner} AND id = ${id} AND used_at > ${this.#oldest()} RETURNING 1`.execute(db),
    );
    return rows.length > 0;
  }

  /** The newest response with this item in it. */
  async findByItem(owner: string, itemId: string): Promise<object | undefined> {
    const { rows } = await this.#database.run((db) =>
      sql<{ readonly id: string; readonly sealed: string }>`
        SELECT id, sealed FROM stored_response
        WHERE items @> ${[this.#placeOf(owner, itemId)]} AND key_id = ${owner} AND used_at > ${this.#oldest()}
        ORDER BY used_at DESC LIMIT 1`.execute(db),
    );
    return rows[0] && this.#open(rows[0].sealed, contextOf(owner, rows[0].id));
  }

  /** Whether there was such a response. */
  async delete(owner: string, id: string): Promise<boolean> {
    const { rows } = await this.#database.run((db) =>
      sql`DELETE FROM stored_response WHERE key_id = ${owner} AND id = ${id} RETURNING 1`.execute(db),
    );
    return rows.length > 0;
  }

  /** Deletes what is too old, and the oldest of what is too much. */
  async prune(): Promise<void> {
    await this.#database.run((db) =>
      sql`
        DELETE FROM stored_response WHERE (key_id, id) IN
          (SELECT key_id, id FROM stored_response WHERE used_at <= ${this.#oldest()} FOR UPDATE SKIP LOCKED)`.execute(
        db,
      ),
    );
    while (await this.#pruneLargest());
  }

  /** Returns whether there may be more. */
  async #pruneLargest(): Promise<boolean> {
    const { maxResponses, maxBytes } = this.#limits;
    const { rows } = await this.#database.run((db) =>
      sql`
        WITH share AS (SELECT key_id, count(*) AS responses, sum(bytes) AS bytes FROM stored_response GROUP BY key_id),
          total AS (SELECT sum(responses) - ${maxResponses} AS responses, sum(bytes) - ${maxBytes} AS bytes FROM share),
          largest AS (
            SELECT key_id FROM share, total WHERE total.responses > 0 OR total.bytes > 0
            ORDER BY CASE WHEN total.responses > 0 THEN share.responses ELSE share.bytes END DESC LIMIT 1),
          aged AS (
            SELECT key_id, id, sum(bytes) OVER (ORDER BY used_at, id) - bytes AS before, row_number() OVER (ORDER BY used_at, id) AS place
            FROM stored_response WHERE key_id = (SELECT key_id FROM largest))
        DELETE FROM stored_response WHERE (key_id, id) IN (
          SELECT aged.key_id, aged.id FROM aged, total WHERE place <= ${PRUNED_AT_ONCE}
          AND (place <= total.responses OR before < total.bytes)) RETURNING 1`.execute(db),
    );
    return rows.length > 0;
  }

  #oldest() {
    return sql`${STATEMENT_NOW} - ${this.#limits.lifetimeMs}`;
  }

  /** Ids are the caller's: they are kept as digests. */
  #placeOf(owner: string, itemId: string): string {
    return this.#seal.digest(itemId, `item of ${owner}`);
  }

  async #open(sealed: string, context: string): Promise<object> {
    const packed = Buffer.from(this.#seal.open(sealed, context), "base64");
    const text = (await inflate(packed, { maxOutputLength: MAX_VALUE_BYTES })).toString("utf8");
    return JSON.parse(text) as object;
  }
}

function contextOf(owner: string, id: string): string {
  return `response:${owner}:${id}`;
}
