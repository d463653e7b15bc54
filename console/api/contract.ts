export interface Answered {
  readonly at: number;
  readonly ok: boolean;
  readonly code: string | null;
  readonly durationMs: number;
}

export interface Pace {
  readonly count: number;
  readonly windowMs: number;
  readonly used: number;
  readonly nextAt: number | null;
}

export interface AccountRow {
  readonly id: string;
  readonly state: string;
  readonly reason: string;
  readonly since: number;
  readonly nextTryAt: number | null;
  readonly expiresAt: number | null;
  readonly source?: "settings" | "file" | "console";
  readonly site?: string;
  readonly proxy?: string | null;
  readonly pace?: Pace | null;
  readonly lastUsedAt?: number | null;
  readonly isEditable?: boolean;
  readonly recent?: readonly Answered[];
}

export interface StateChange {
  readonly at: number;
  readonly state: string;
  readonly reason: string;
}

export interface Queue {
  readonly length: number;
  readonly estimatedWaitMs: number | null;
}

export interface AccountList {
  readonly data: readonly AccountRow[];
  readonly queue: Queue;
}

export interface Page<T> {
  readonly data: readonly T[];
  readonly nextCursor: string | null;
}

export interface EventRow {
  readonly id: string | number;
  readonly at: number;
  readonly kind: string;
  readonly account: string | null;
  readonly actor: string | null;
  readonly summary: string;
  readonly before: unknown;
  readonly after: unknown;
}

export interface OverviewFigures {
  readonly isServing: boolean;
  readonly reasons: readonly string[];
  readonly requestsPerMinute: number;
  readonly firstTokenMs: number | null;
  readonly openPages: number;
  readonly queue: Queue;
  readonly events: readonly EventRow[];
}

export interface AccountDetail extends AccountRow {
  readonly history: readonly StateChange[];
}

export interface Preview {
  readonly signIn: "found" | "missing";
  readonly cookies: readonly { readonly name: string; readonly domain: string; readonly expiresAt: number | null }[];
  readonly leftOut: readonly { readonly name: string; readonly reason: string }[];
  readonly storage: readonly { readonly origin: string; readonly count: number }[];
  readonly notes: readonly string[];
}

/** One bucket of usage. Counts and tokens are sums, times are means. */
export interface UsageRow {
  readonly at: number;
  readonly key: string | null;
  readonly account: string | null;
  readonly model: string | null;
  readonly requests: number;
  readonly failed: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly queueMs: number | null;
  readonly durationMs: number | null;
  readonly firstTokenMs: number | null;
}
