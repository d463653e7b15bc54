/**
 * Every way a request can fail, in one table. A row decides the HTTP status, the OpenAI error type, whether another
 * account may be tried (only while nothing was sent to the caller), whether the caller's SDK should repeat the
 * request by itself (`x-should-retry`), and what becomes of the session that failed.
 */
interface ErrorRow {
  readonly status: number;
  readonly type: "invalid_request_error" | "requests" | "server_error";
  readonly failover: boolean;
  readonly clientRetry: boolean;
  readonly fate: SessionAction;
}

/**
 * keep: nothing is wrong with it · rebuild: close the page and open a new one · cool: leave it alone for a while ·
 * challenge: go back to the site and let the browser solve what it asks · expire: signed out, look again later.
 */
export type SessionAction = "keep" | "rebuild" | "cool" | "challenge" | "expire";

const callerFault = { type: "invalid_request_error", failover: false, clientRetry: false, fate: "keep" } as const;
const siteFault = { type: "server_error", failover: true, clientRetry: false } as const;
const busy = { failover: false, clientRetry: true, fate: "keep" } as const;

export const ERRORS = {
  invalid_json: { status: 400, ...callerFault },
  missing_required_parameter: { status: 400, ...callerFault },
  invalid_type: { status: 400, ...callerFault },
  invalid_value: { status: 400, ...callerFault },
  empty_array: { status: 400, ...callerFault },
  unsupported_parameter: { status: 400, ...callerFault },
  unsupported_value: { status: 400, ...callerFault },
  unsupported_content: { status: 400, ...callerFault },
  context_length_exceeded: { status: 400, ...callerFault },
  previous_response_not_found: { status: 400, ...callerFault },
  bad_request: { status: 400, ...callerFault },
  invalid_api_key: { status: 401, ...callerFault },
  host_not_allowed: { status: 403, ...callerFault },
  model_not_found: { status: 404, ...callerFault },
  response_not_found: { status: 404, ...callerFault },
  unknown_url: { status: 404, ...callerFault },
  method_not_allowed: { status: 405, ...callerFault },
  request_too_large: { status: 413, ...callerFault },
  unsupported_content_type: { status: 415, ...callerFault },
  client_closed: { status: 499, ...callerFault },
  too_many_wrong_keys: { status: 429, ...callerFault },
  rate_limit_exceeded: { status: 429, type: "requests", ...busy },
  site_rate_limited: { status: 429, type: "requests", failover: true, clientRetry: true, fate: "cool" },
  overloaded: { status: 503, type: "server_error", ...busy },
  queue_timeout: { status: 503, type: "server_error", ...busy },
  no_usable_account: { status: 503, type: "server_error", ...busy, clientRetry: false },
  server_shutting_down: { status: 503, type: "server_error", ...busy },
  site_challenged: { status: 503, ...siteFault, fate: "challenge" },
  account_signed_out: { status: 503, ...siteFault, fate: "expire" },
  site_forbidden: { status: 502, ...siteFault, fate: "cool" },
  site_unreachable: { status: 502, ...siteFault, fate: "keep" },
  site_failed: { status: 502, ...siteFault, fate: "keep" },
  site_changed: { status: 502, ...siteFault, failover: false, fate: "keep" },
  browser_unavailable: { status: 503, ...siteFault, failover: false, fate: "rebuild" },
  session_lost: { status: 502, ...siteFault, fate: "rebuild" },
  reply_cut: { status: 502, ...siteFault, fate: "keep" },
  reply_empty: { status: 502, ...siteFault, fate: "keep" },
  reply_too_large: { status: 502, ...siteFault, failover: false, fate: "keep" },
  tool_call_missing: { status: 502, ...siteFault, failover: false, fate: "keep" },
  tool_call_invalid: { status: 502, ...siteFault, failover: false, fate: "keep" },
  format_not_met: { status: 502, ...siteFault, failover: false, fate: "keep" },
  site_timeout: { status: 504, ...siteFault, failover: false, fate: "rebuild" },
  request_timeout: { status: 504, ...siteFault, failover: false, fate: "keep" },
  internal_error: { status: 500, ...siteFault, failover: false, fate: "rebuild" },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

interface ErrorDetails {
  /** Path of the offending request parameter, e.g. `messages[1].role`. */
  readonly param?: string;
  /** How long to wait before this can work, in milliseconds. */
  readonly retryAfterMs?: number;
  /** After so long the same account may be asked once more: neither it nor the site failed; in milliseconds. */
  readonly repeatAfterMs?: number;
  /** How long it would have waited, in milliseconds, where that is why it was refused. */
  readonly estimatedWaitMs?: number;
  readonly cause?: unknown;
}

/** The only error that callers meet. Its message is shown to them: no secrets, no paths, no stack. */
export class GatewayError extends Error {
  override readonly name = "GatewayError";
  readonly code: ErrorCode;
  readonly param: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly estimatedWaitMs: number | undefined;
  readonly repeatAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.param = details.param;
    this.retryAfterMs = details.retryAfterMs;
    this.estimatedWaitMs = details.estimatedWaitMs;
    this.repeatAfterMs = details.repeatAfterMs;
  }

  get row(): ErrorRow {
    return ERRORS[this.code];
  }

  /** What was thrown, as a GatewayError: itself, or `internal_error` with the original as its cause. */
  static from(cause: unknown): GatewayError {
    if (cause instanceof GatewayError) return cause;
    return new GatewayError("internal_error", "The gateway met an unexpected error.", { cause });
  }
}

/** Advice to the caller's SDK about asking again. */
export interface RetryAdvice {
  readonly shouldRetry: boolean;
  /** Undefined where waiting cures nothing, or nobody knows how long. */
  readonly afterMs: number | undefined;
}

/** Longer waits are the user's to decide: some SDKs obey any Retry-After, others hammer beyond a minute. */
const LONGEST_SDK_WAIT_MS = 60_000;
/** Where a retry makes sense and nobody said when. */
const DEFAULT_RETRY_AFTER_MS = 5_000;

export function retryAdvice(error: GatewayError): RetryAdvice {
  const { clientRetry } = error.row;
  const afterMs = error.retryAfterMs ?? (clientRetry ? DEFAULT_RETRY_AFTER_MS : undefined);
  return { shouldRetry: clientRetry && (afterMs ?? 0) <= LONGEST_SDK_WAIT_MS, afterMs };
}

/** Whole seconds for `Retry-After`, never 0: a retry at once would meet the same limit. */
export function waitSeconds(afterMs: number): number {
  return Math.max(1, Math.ceil(afterMs / 1000));
}
