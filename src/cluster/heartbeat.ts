import { DATABASE_NOW } from "../store/database-clock.ts";
import type { Anchor, PreparedStatement } from "./anchor.ts";
import { PROOF_LASTS_MS } from "./fence.ts";
import type { ReplicaRow } from "./peers.ts";

/** What a replica tells the others. */
export interface ReplicaState {
  readonly id: string;
  readonly url: string;
  readonly token: string;
  readonly version: string;
  readonly protocol: number;
  readonly weight: number;
  readonly isDraining: boolean;
}

/** A prompt that runs. */
export interface RunningTurn {
  readonly key: string;
  readonly epoch: number;
}

export interface Beat {
  /** The database's time. */
  readonly now: number;
  /** The session that answered, and how many locks it holds. */
  readonly pid: number;
  readonly locks: number;
  /** The accounts whose prompts may go on. */
  readonly extended: readonly string[];
  readonly replicas: readonly ReplicaRow[];
  /** Another number after each change of who has which account. */
  readonly ownersVersion: number;
}

/** An answer that comes later is of no use any more. */
const ANSWER_LIMIT_MS = PROOF_LASTS_MS;
/** For so long a prompt keeps other replicas from its account, unless a heartbeat extends it. More than the proof lasts. */
export const TURN_LASTS_MS = 8_000;

const BEAT: PreparedStatement = {
  name: "beat",
  text: `
    WITH beat AS (
      INSERT INTO replica AS mine
        (id, url, token, backend_pid, backend_start, version, protocol, weight, is_draining, seen_at)
      VALUES ($1, $2, $3, $4, $5::timestamptz, $6, $7, $8, $9, ${DATABASE_NOW})
      ON CONFLICT (id) DO UPDATE SET url = excluded.url, token = excluded.token, backend_pid = excluded.backend_pid,
        backend_start = excluded.backend_start, weight = excluded.weight, is_draining = excluded.is_draining,
        seen_at = greatest(excluded.seen_at, mine.seen_at + 1)
    ), mine AS (
      SELECT running.* FROM account_owner AS owned JOIN unnest($10::text[], $11::bigint[]) AS running (key, epoch)
        ON owned.key = running.key AND owned.epoch = running.epoch
      ORDER BY owned.key FOR NO KEY UPDATE OF owned
    ), extended AS (
      UPDATE account_owner AS owned SET turn_until = ${DATABASE_NOW} + ${TURN_LASTS_MS}
      FROM mine WHERE owned.key = mine.key AND owned.epoch = mine.epoch
      RETURNING owned.key
    )
    SELECT ${DATABASE_NOW} AS now, pg_backend_pid() AS pid,
      (SELECT count(*)::int FROM pg_locks
        WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted) AS locks,
      (SELECT coalesce(json_agg(key), '[]') FROM extended) AS extended,
      (SELECT coalesce(json_agg(known), '[]') FROM (
        SELECT replica.*, EXISTS (
          SELECT FROM pg_stat_get_activity(replica.backend_pid) AS activity
          WHERE activity.backend_start = replica.backend_start) AS has_session
        FROM replica) AS known) AS replicas,
      (SELECT coalesce(sum(epoch), 0)::bigint FROM account_owner) AS "ownersVersion"`,
};

/**
 * Tells the others that this replica works, extends the prompts that run, and reads what the others told.
 * @throws StoreError
 */
export async function beat(anchor: Anchor, state: ReplicaState, running: readonly RunningTurn[]): Promise<Beat> {
  const { id, url, token, version, protocol, weight, isDraining } = state;
  const { pid, startedAt } = anchor.backend;
  const told = [id, url, token, pid, startedAt, version, protocol, weight, isDraining];
  const values = [...told, running.map(({ key }) => key), running.map(({ epoch }) => epoch)];
  const [answer] = await anchor.query<Beat>(BEAT, values, ANSWER_LIMIT_MS);
  if (!answer) throw new Error("A heartbeat has one answer.");
  return answer;
}

/**
 * Ends another session, unless it has ended and its number is another one's. Waits so long until it is over. Whether it was
 * ended: the user of the database may lack the right. @throws StoreError
 */
export async function terminate(anchor: Anchor, { pid, startedAt }: Anchor["backend"], waitMs = 0): Promise<boolean> {
  const rows = await anchor.query<{ ended: boolean }>(
    `SELECT pg_terminate_backend(pid, $3::bigint) AS ended FROM pg_stat_get_activity($1::int)
     WHERE backend_start = $2::timestamptz`,
    [pid, startedAt, waitMs],
  );
  return rows[0]?.ended ?? false;
}

/** Deletes the rows of replicas, unless they came back. */
export async function forget(anchor: Anchor, rows: readonly ReplicaRow[]): Promise<void> {
  await anchor.query(
    `DELETE FROM replica USING unnest($1::text[], $2::bigint[]) AS gone (id, seen_at)
     WHERE replica.id = gone.id AND replica.seen_at = gone.seen_at`,
    [rows.map(({ id }) => id), rows.map(({ seen_at: seenAt }) => seenAt)],
  );
}
