/**
 * Every way a request can fail, in one table. A row decides the HTTP status, the OpenAI error type, whether another
 * account may be tried (only while nothing was sent to the caller), whether the caller's SDK should repeat the
 * request (`x-should-retry`), and what happens to the session that failed. `npm run docs` writes docs/errors.md from it.
 */
interface ErrorRow {
  readonly status: number;
  readonly type: "invalid_request_error" | "requests" | "server_error";
  readonly failover: boolean;
  readonly clientRetry: boolean;
  readonly fate: SessionAction;
  /** For docs/errors.md. */
  readonly meaning: string;
  /** Only the operator's routes can fail so. */
  readonly isOperators?: true;
}

/**
 * keep: the session is fine · rebuild: close the page and open a new one · cool: pause the account ·
 * challenge: open the site again and let the browser pass its challenge · expire: signed out, check again later.
 */
export type SessionAction = "keep" | "rebuild" | "cool" | "challenge" | "expire";

/** The caller's mistake: no account would make it right. */
function refused(status: number, meaning: string): ErrorRow {
  return { status, meaning, type: "invalid_request_error", failover: false, clientRetry: false, fate: "keep" };
}

/** The operator's mistake. */
function refusedToOperator(status: number, meaning: string): ErrorRow {
  return { ...refused(status, meaning), isOperators: true };
}

/** Right now there is no room. OpenAI's SDKs know the type of a 429 as `requests`. */
function busy(status: number, meaning: string): ErrorRow {
  const type = status === 429 ? "requests" : "server_error";
  return { status, meaning, type, failover: false, clientRetry: true, fate: "keep" };
}

/** A failure of the site or of the account's page; another account may answer. */
function elsewhere(status: number, fate: SessionAction, meaning: string): ErrorRow {
  return { status, meaning, type: "server_error", failover: true, clientRetry: false, fate };
}

/** A failure that another account would not mend, or that must not lead to a second prompt. */
function final(status: number, fate: SessionAction, meaning: string): ErrorRow {
  return { status, meaning, type: "server_error", failover: false, clientRetry: false, fate };
}

export const ERRORS = {
  invalid_json: refused(400, "The body is not a JSON object."),
  missing_required_parameter: refused(400, "A required parameter is missing; `param` names it."),
  invalid_type: refused(400, "A parameter has the wrong type; `param` names it."),
  invalid_value: refused(400, "A parameter has a wrong value; `param` names it."),
  empty_array: refused(400, "A list is empty that must not be; `param` names it."),
  unknown_parameter: refusedToOperator(400, "The admin API has no such parameter; `param` names it."),
  unsupported_parameter: refused(400, "The site has nothing like this parameter."),
  unsupported_value: refused(400, "The site cannot do what this value asks for."),
  unsupported_content: refused(400, "Images, audio and files: the site accepts text only."),
  context_length_exceeded: refused(
    400,
    "The conversation is longer than `MAX_PROMPT_CHARACTERS`. The message has both numbers.",
  ),
  previous_response_not_found: refused(400, "The response is no longer stored, or it belongs to another key."),
  bad_request: refused(400, "The request could not be read."),
  invalid_api_key: refused(401, "The key is missing, wrong or revoked."),
  key_expired: refused(401, "The key has expired; the message says when."),
  session_ended: refusedToOperator(401, "The console's session has ended. Sign in again."),
  request_forged: refusedToOperator(
    403,
    "A request with the console's cookie, or for a live view, comes from another page; or it changes something without its `x-csrf-token`.",
  ),
  ticket_invalid: refusedToOperator(401, "The live view's ticket is unknown, already used, or older than 60 seconds."),
  host_not_allowed: refused(403, "The host name is not in `ALLOWED_HOSTS`."),
  model_not_found: refused(404, "There is no such model; `GET /v1/models` lists them."),
  response_not_found: refused(404, "The response is no longer stored, or it belongs to another key."),
  key_not_found: refusedToOperator(404, "There is no API key with this id; `GET /admin/api/keys` lists them."),
  bundle_not_found: refusedToOperator(
    404,
    "Nothing is kept of this request: it did not fail in the browser, or it is too long ago.",
  ),
  account_not_found: refusedToOperator(404, "There is no account with this id; `GET /admin/api/accounts` lists them."),
  request_not_found: refusedToOperator(404, "No request with this id is kept."),
  unknown_url: refused(404, "There is no such address. The message names those that exist."),
  method_not_allowed: refused(405, "The address has other methods; the `Allow` header names them."),
  no_alert_url: refusedToOperator(409, "`ALERT_URL` is not set, so there is nobody to tell."),
  key_name_taken: refusedToOperator(409, "Another API key has this name."),
  key_not_editable: refusedToOperator(409, "The API key comes from the settings; the message names the setting."),
  account_exists: refusedToOperator(409, "Another account has this id or this sign-in. The message says where."),
  account_not_editable: refusedToOperator(
    409,
    "The account comes from `GPTOMNI_CREDENTIALS` or `CREDENTIALS_FILE`, and is changed there. Here it can be disabled.",
  ),
  request_too_large: refused(413, "The body is larger than `MAX_BODY_BYTES`."),
  unsupported_content_type: refused(415, "The body is not sent as JSON."),
  client_closed: refused(499, "The client disconnected. In the log only."),
  too_many_wrong_keys: refused(429, "20 wrong keys in a minute from one address. Correct keys still work."),
  prompt_exceeds_key_limit: refused(413, "The prompt alone has more tokens than the key may use in a minute or a day."),
  key_rate_limit_exceeded: busy(
    429,
    "The key has used what its own limits allow: requests or tokens per minute or day, or requests at the same time.",
  ),
  rate_limit_exceeded: busy(
    429,
    "`QUEUE_LIMIT` requests are waiting and this key has its share of them, or the rate limits allow no answer in the request's time.",
  ),
  site_rate_limited: {
    ...busy(429, "The site told the account to slow down; the account pauses."),
    failover: true,
    fate: "cool",
  },
  overloaded: busy(
    503,
    "Memory is short, or this key's requests use all the memory that one key may. Running answers continue.",
  ),
  queue_timeout: busy(503, "No account became free within `QUEUE_TIMEOUT_SECONDS`."),
  state_not_stored: {
    ...busy(503, "`STATE_DIR` cannot be written to, so the change was not made. The log says why."),
    isOperators: true,
  },
  records_unavailable: {
    ...busy(503, "What was recorded in `STATE_DIR` cannot be read now. Requests are answered."),
    isOperators: true,
  },
  no_usable_account: {
    ...busy(503, "Every account is signed out, challenged or pausing, or no replica has it."),
    clientRetry: false,
  },
  server_shutting_down: busy(503, "The gateway is shutting down. Nothing was sent to the site."),
  site_challenged: elsewhere(503, "challenge", "The site asks for a challenge. The browser now tries to pass it."),
  account_signed_out: elsewhere(503, "expire", "The site says that the account is signed out."),
  site_forbidden: elsewhere(502, "cool", "The site refuses the account; the account pauses."),
  site_unreachable: elsewhere(502, "keep", "The site did not answer at all."),
  site_failed: elsewhere(502, "keep", "The site answered with status 5xx, or with an error in a 200."),
  site_changed: final(502, "keep", "The site answered something that the gateway does not know."),
  browser_unavailable: final(503, "rebuild", "No Chromium, here or at `BROWSER_ENDPOINT`: see `npm run doctor`."),
  session_lost: elsewhere(502, "rebuild", "The page crashed, closed or went to another address. It is opened again."),
  replica_unavailable: {
    ...elsewhere(503, "keep", "The replica that has the account does not answer. Nothing was sent to the site."),
    clientRetry: true,
  },
  replica_lost: final(
    502,
    "keep",
    "The replica that has the account was lost while it answered. Nobody asks again, since the site may have the prompt.",
  ),
  ownership_lost: elsewhere(503, "keep", "`DATABASE_URL` does not answer, or another replica took the account."),
  reply_cut: elsewhere(502, "keep", "The site stopped in the middle of the answer."),
  reply_empty: elsewhere(502, "keep", "The site's answer was empty."),
  reply_too_large: final(502, "keep", "The answer is longer than `MAX_REPLY_BYTES`."),
  tool_call_missing: final(502, "keep", "The request demands a tool call, and the model made none."),
  tool_call_invalid: final(502, "keep", "The model's tool call could not be read, twice in a row."),
  format_not_met: final(502, "keep", "The answer does not have the requested format."),
  site_timeout: final(
    504,
    "rebuild",
    "The site was silent for too long, before or within the answer. Nobody asks again, since the site may still be answering. The page is opened again.",
  ),
  request_timeout: final(
    504,
    "keep",
    "No answer began within `API_REQUEST_TIMEOUT`; or, without streaming, it was not complete by then.",
  ),
  internal_error: final(500, "rebuild", "A bug. The log has it under the request's id."),
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

interface ErrorDetails {
  /** Path of the offending request parameter, e.g. `messages[1].role`. */
  readonly param?: string;
  /** How long to wait before this can work, in milliseconds. */
  readonly retryAfterMs?: number;
  /** When to ask the same account again, in milliseconds: neither it nor the site failed. */
  readonly repeatAfterMs?: number;
  /** How long the request would have waited, in milliseconds, if it was refused for that. */
  readonly estimatedWaitMs?: number;
  readonly cause?: unknown;
}

/** The only error that callers see, with its message: no secrets, no paths, no stack in it. */
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

  /** Returns a GatewayError as it is, and wraps anything else as `internal_error`. */
  static from(cause: unknown): GatewayError {
    if (cause instanceof GatewayError) return cause;
    return new GatewayError("internal_error", "The gateway met an unexpected error.", { cause });
  }
}
