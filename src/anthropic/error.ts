import type { GatewayError } from "../errors.ts";

/** The body of every failed answer: https://docs.anthropic.com/en/api/errors */
export interface ErrorBody {
  readonly type: "error";
  readonly error: { readonly type: string; readonly message: string };
  readonly request_id: string;
}

const TYPES: Readonly<Record<number, string>> = {
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  503: "overloaded_error",
  504: "timeout_error",
};

export function toErrorBody(error: GatewayError, requestId: string): ErrorBody {
  const { status } = error.row;
  const type = TYPES[status] ?? (status < 500 ? "invalid_request_error" : "api_error");
  return { type: "error", error: { type, message: error.message }, request_id: requestId };
}
