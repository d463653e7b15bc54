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
/** A replica that stood still knows for a moment of nobody else. */
export const AWAKENED = [...LOST, "no_usable_account"] as const;
/** What a client may be told by a replica that ends in good order. */
export const DRAINING = ["server_shutting_down"] as const;
/** What a client may be told while a replica cannot reach PostgreSQL. */
export const NO_DATABASE = [...LOST, "no_usable_account", "queue_timeout"] as const;
/** Replicas that restart right after each other: for a moment all accounts are on their way, and nginx finds nobody. */
export const RESTARTED = [...DRAINING, "no_usable_account", "server_unavailable"] as const;
