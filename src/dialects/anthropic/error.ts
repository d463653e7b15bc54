import type { z } from "zod";
import type { GatewayError } from "../../errors.ts";
import type { errorSchema } from "./answer-schema.ts";

export type ErrorBody = z.infer<typeof errorSchema>;

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
  const isThread = error.code === "previous_response_not_found";
  const details = isThread ? ({ details: { error_code: "thread_not_found" } } as const) : {};
  return { type: "error", error: { type, message: error.message, ...details }, request_id: requestId };
}
