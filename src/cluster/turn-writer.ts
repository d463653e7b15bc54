import { DATABASE_NOW } from "../store/database-clock.ts";
import type { Anchor, PreparedStatement } from "./anchor.ts";
import { TURN_LASTS_MS, type RunningTurn } from "./heartbeat.ts";

/** A prompt, by its account and its own id. */
export interface NamedTurn extends RunningTurn {
  readonly turnId: string;
}

interface Announcement extends NamedTurn {
  readonly told: PromiseWithResolvers<boolean>;
}

/** An end that no announcement takes along is written after this time at the latest. */
const END_DELAY_MS = 1_000;
const TURNS_AT_ONCE = 200;

/**
 * Announces some prompts and ends others, one of an account. Rows are locked in the order of their keys, as everywhere: who
 * writes several waits for others, and never in a circle. A prompt of another replica, or one that was called off, has no row
 * that this may change.
 */
const WRITE: PreparedStatement = {
  name: "write-turns",
  text: `
    WITH told AS (
      SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::boolean[]) AS told (key, epoch, turn_id, begins)
    ), mine AS (
      SELECT told.* FROM account_owner AS owned JOIN told
        ON owned.key = told.key AND owned.epoch = told.epoch AND (told.begins OR owned.turn_request = told.turn_id)
      ORDER BY owned.key FOR NO KEY UPDATE OF owned
    ), written AS (
      UPDATE account_owner AS owned SET
        turn = owned.turn + mine.begins::int,
        turn_request = mine.turn_id,
        turn_at = CASE WHEN mine.begins THEN ${DATABASE_NOW} ELSE owned.turn_at END,
        turn_until = CASE WHEN mine.begins THEN ${DATABASE_NOW} + ${TURN_LASTS_MS} END
      FROM mine WHERE owned.key = mine.key AND owned.epoch = mine.epoch
      RETURNING mine.turn_id, mine.begins, owned.turn_at
    )
    INSERT INTO turn AS known (id, replica, at) SELECT turn_id, $5, turn_at FROM written WHERE begins
    ON CONFLICT (id) DO UPDATE SET at = excluded.at WHERE known.replica = excluded.replica
    RETURNING id`,
};

/**
 * Writes the prompts of one session of the database. While a statement runs, others gather, and the next one has them all: many
 * prompts at a time cost few commits. An end waits for company, since the time of a prompt runs out by itself.
 */
export class TurnWriter {
  readonly #anchor: Pick<Anchor, "query">;
  readonly #replicaId: string;
  #announced: Announcement[] = [];
  /** By the account's key. */
  readonly #ended = new Map<string, NamedTurn>();
  #writing: Promise<void> | undefined;
  #isDue = false;
  #late: NodeJS.Timeout | undefined;

  constructor(anchor: Pick<Anchor, "query">, replicaId: string) {
    this.#anchor = anchor;
    this.#replicaId = replicaId;
  }

  /** Whether the prompt may be sent: the database has it. @throws StoreError */
  begin(turn: NamedTurn): Promise<boolean> {
    const told = Promise.withResolvers<boolean>();
    this.#announced.push({ ...turn, told });
    void this.flush();
    return told.promise;
  }

  /** Never fails. */
  end(turn: NamedTurn): void {
    this.#ended.set(turn.key, turn);
    this.#late ??= setTimeout(() => void this.flush(), END_DELAY_MS).unref();
  }

  /** Writes what waits. Never rejects. */
  flush(): Promise<void> {
    this.#isDue = true;
    this.#writing ??= this.#writeAll();
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    // What comes in the same moment goes together.
    await Promise.resolve();
    while (this.#isDue || this.#announced.length > 0) await this.#write();
    this.#writing = undefined;
  }

  async #write(): Promise<void> {
    clearTimeout(this.#late);
    this.#late = undefined;
    this.#isDue = false;
    const begins = this.#takeAnnounced();
    const ends = [...this.#ended.values()].filter((end) => {
      const next = begins.get(end.key);
      // An announcement takes the place of what was before it.
      if (next === undefined || next.epoch === end.epoch) this.#ended.delete(end.key);
      return next === undefined;
    });
    const turns: readonly NamedTurn[] = [...begins.values(), ...ends];
    if (turns.length === 0) return;
    const values = [
      turns.map(({ key }) => key),
      turns.map(({ epoch }) => epoch),
      turns.map(({ turnId }) => turnId),
      turns.map(({ key }) => begins.has(key)),
      this.#replicaId,
    ];
    try {
      const rows = await this.#anchor.query<{ id: string }>(WRITE, values);
      const written = new Set(rows.map(({ id }) => id));
      for (const { turnId, told } of begins.values()) told.resolve(written.has(turnId));
    } catch (cause) {
      for (const { told } of begins.values()) told.reject(cause);
    }
  }

  /** By their accounts' keys. A second one of an account, or with the same id, waits. */
  #takeAnnounced(): ReadonlyMap<string, Announcement> {
    const begins = new Map<string, Announcement>();
    const ids = new Set<string>();
    this.#announced = this.#announced.filter((one) => {
      if (begins.size === TURNS_AT_ONCE || begins.has(one.key) || ids.has(one.turnId)) return true;
      begins.set(one.key, one);
      ids.add(one.turnId);
      return false;
    });
    return begins;
  }
}
