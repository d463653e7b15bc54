/** How long an account stays with the turn of an owner that is gone. */
export const TURN_MS = 8_000;
/** After so long a silence an owner is put out of its locks. */
export const UNHEARD_MS = 10_000;
/** Pages are opened one after the other, and every account must have its turn in the queue, on a busy machine. */
export const OPENING_MS = 30_000;

/** What a client may be told when the replica that it asked, or the one that answers, is lost. */
export const LOST = [
  "replica_lost",
  "ownership_lost",
  "session_lost",
  "reply_cut",
  "site_timeout",
  "server_unavailable",
] as const;
/** What a client may be told by the last replica that ends in good order. */
export const DRAINING = ["server_shutting_down"] as const;
/** What a client may be told while a replica cannot reach PostgreSQL. */
export const NO_DATABASE = [...LOST, "no_usable_account", "queue_timeout"] as const;
/** What nginx says of a request that came in the moment in which its replica ended, or while it found no other one. */
export const ENDED = ["server_unavailable"] as const;
