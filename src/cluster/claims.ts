import type { Anchor } from "./anchor.ts";
import { DATABASE_NOW } from "../store/database-clock.ts";
import { TURN_LASTS_MS } from "./heartbeat.ts";
import type { AccountName } from "../store/account-name.ts";
import type { Locks } from "./locks.ts";

/** An account that this replica has. */
export interface Claimed {
  readonly epoch: number;
  /** How long the prompt of the replica that had it before may still run, in milliseconds. */
  readonly waitMs: number;
}

/**
 * The account itself, and what was known of its id under another sign-in: that one cannot be used any more, either. What is
 * being stored of them is waited for, and is stored under the former owner.
 */
const CLAIM = `
  WITH stored AS (
    SELECT FROM account_owner WHERE key = ANY ($2::text[]) OR id = ANY ($3::text[]) ORDER BY key FOR UPDATE
  ), wanted AS (
    SELECT key, id FROM unnest($2::text[], $3::text[]) AS wanted (key, id) WHERE (SELECT count(*) FROM stored) >= 0
  ), claimed AS (
    INSERT INTO account_owner AS owned (key, id, owner, epoch, turn)
    SELECT key, id, $1, 1, 0 FROM wanted ORDER BY key
    ON CONFLICT (key) DO UPDATE SET id = excluded.id, owner = excluded.owner, epoch = owned.epoch + 1
    RETURNING owned.key, owned.id, owned.epoch, owned.turn_until
  ), former AS (
    UPDATE account_owner AS owned SET owner = NULL, epoch = owned.epoch + 1 FROM wanted
    WHERE owned.id = wanted.id AND owned.key <> ALL ($2::text[])
    RETURNING owned.id, owned.turn_until
  )
  SELECT key, epoch,
    greatest(turn_until, (SELECT max(turn_until) FROM former WHERE former.id = claimed.id)) - ${DATABASE_NOW} AS "waitMs"
  FROM claimed`;
/** The epoch grows, so that nothing is saved any more by whoever had it until now. No prompt of theirs runs. */
const RELEASE = `
  WITH mine AS (
    SELECT held.* FROM account_owner AS owned JOIN unnest($1::text[], $2::bigint[]) AS held (key, epoch)
      ON owned.key = held.key AND owned.epoch = held.epoch
    ORDER BY owned.key FOR NO KEY UPDATE OF owned
  )
  UPDATE account_owner AS owned SET owner = NULL, epoch = owned.epoch + 1, turn_until = NULL
  FROM mine WHERE owned.key = mine.key AND owned.epoch = mine.epoch`;
const STILL_MINE = `
  SELECT owned.key FROM account_owner AS owned
  JOIN unnest($1::text[], $2::bigint[]) AS held (key, epoch) ON owned.key = held.key AND owned.epoch = held.epoch`;
const OWNERS = "SELECT id, owner FROM account_owner WHERE owner IS NOT NULL";
/** Healthy accounts are stored as idle. */
const FAILURES = `
  SELECT key, state, next_try_at AS "nextTryAt" FROM account WHERE state <> 'idle' AND removed_at IS NULL`;

/** Why an account was not in use when its state was stored. */
export interface StoredFailure {
  readonly state: string;
  /** In the database's time; null if nobody tries it again by himself. */
  readonly nextTryAt: number | null;
}

type Held = AccountName & { readonly epoch: number };

/**
 * Takes the accounts that no other replica has. Returns those by key; their owner is this replica from now on.
 * @throws StoreError
 */
export async function claim(
  { anchor, locks }: { readonly anchor: Anchor; readonly locks: Locks },
  replicaId: string,
  wanted: readonly AccountName[],
): Promise<ReadonlyMap<string, Claimed>> {
  const locked = await locks.take(wanted);
  if (locked.length === 0) return new Map();
  const rows = await anchor.query<{ key: string; epoch: number; waitMs: number | null }>(CLAIM, [
    replicaId,
    locked.map(({ key }) => key),
    locked.map(({ id }) => id),
  ]);
  return new Map(rows.map(({ key, epoch, waitMs }) => [key, { epoch, waitMs: limited(waitMs) }]));
}

function limited(waitMs: number | null): number {
  return Math.min(Math.max(waitMs ?? 0, 0), TURN_LASTS_MS);
}

/** Gives accounts whose pages are closed to whoever wants them. @throws StoreError */
export async function release(
  { anchor, locks }: { readonly anchor: Anchor; readonly locks: Locks },
  held: readonly Held[],
): Promise<void> {
  if (held.length === 0) return;
  await anchor.query(RELEASE, [held.map(({ key }) => key), held.map(({ epoch }) => epoch)]);
  await locks.release(held);
}

/** After the session was lost: locks the accounts again that nobody had meanwhile. Returns their keys. @throws StoreError */
export async function holdAgain(
  { anchor, locks }: { readonly anchor: Anchor; readonly locks: Locks },
  held: readonly Held[],
): Promise<ReadonlySet<string>> {
  const locked = await locks.take(held);
  if (locked.length === 0) return new Set();
  const rows = await anchor.query<{ key: string }>(STILL_MINE, [
    locked.map(({ key }) => key),
    locked.map(({ epoch }) => epoch),
  ]);
  const mine = new Set(rows.map(({ key }) => key));
  await locks.release(locked.filter(({ key }) => !mine.has(key)));
  return mine;
}

/** Which replica has which account, by the account's id. @throws StoreError */
export async function ownersIn(anchor: Anchor): Promise<ReadonlyMap<string, string>> {
  const rows = await anchor.query<{ id: string; owner: string }>(OWNERS);
  return new Map(rows.map(({ id, owner }) => [id, owner]));
}

/** What keeps accounts from serving, by the account's key. @throws StoreError */
export async function failuresIn(anchor: Anchor): Promise<ReadonlyMap<string, StoredFailure>> {
  const rows = await anchor.query<StoredFailure & { key: string }>(FAILURES);
  return new Map(rows.map((row) => [row.key, row]));
}
