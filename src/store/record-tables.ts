import type { Generated } from "kysely";

/** Times are milliseconds since the epoch, durations milliseconds. */
export interface RequestTable {
  /** In the order in which they were over. */
  readonly seq: Generated<number>;
  readonly id: string;
  /** When it came. */
  readonly at: number;
  readonly key_id: string;
  readonly key_name: string;
  readonly account: string | null;
  readonly model: string | null;
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly code: string | null;
  readonly attempts: number | null;
  readonly duration_ms: number;
  readonly queue_ms: number | null;
  readonly pace_ms: number | null;
  readonly lease_ms: number | null;
  readonly first_byte_ms: number | null;
  readonly stream_ms: number | null;
  readonly first_token_ms: number | null;
  readonly prompt_tokens: number | null;
  readonly completion_tokens: number | null;
  readonly reasoning_tokens: number | null;
  /** Sealed. */
  readonly prompt: string | null;
  /** Sealed. */
  readonly answer: string | null;
}

/** Sums of the requests that came in one minute, hour or UTC day with one key, for one account and model. */
export interface UsageTable {
  /** When the minute, hour or day began. */
  readonly at: number;
  readonly key_id: string;
  /** Empty where no account was asked. */
  readonly account: string;
  /** Empty where the request named none that could be read. */
  readonly model: string;
  /** As the key was called last. */
  readonly key_name: string;
  readonly requests: number;
  readonly failed: number;
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly reasoning_tokens: number;
  readonly queue_ms: number;
  readonly duration_ms: number;
  readonly first_token_ms: number;
  /** How many answers `first_token_ms` is the sum of. */
  readonly first_tokens: number;
}

export interface EventTable {
  readonly id: Generated<number>;
  readonly at: number;
  readonly kind: string;
  readonly account: string | null;
  readonly actor: string | null;
  readonly summary: string;
  /** JSON. */
  readonly before: string | null;
  /** JSON. */
  readonly after: string | null;
}

export interface RecordTables {
  readonly request: RequestTable;
  readonly usage_minute: UsageTable;
  readonly usage_hour: UsageTable;
  readonly usage_day: UsageTable;
  readonly event: EventTable;
}

/** The tables that may grow large, and that answering requests does not need. */
export const RECORD_TABLES: readonly (keyof RecordTables)[] = [
  "request",
  "usage_minute",
  "usage_hour",
  "usage_day",
  "event",
];
