import type { ErrorRequestHandler } from "express";
import { GatewayError } from "../errors.ts";
import { sendError } from "./answer.ts";

// Express knows an error handler by its four parameters.
export const answerError: ErrorRequestHandler = (cause: unknown, _request, response, _next) => {
  sendError(response, toGatewayError(cause));
  if (!response.writableEnded) response.destroy();
};

/** Express and its body reader fail with errors that carry a status. */
function toGatewayError(cause: unknown): GatewayError {
  if (cause instanceof GatewayError || typeof cause !== "object" || cause === null) return GatewayError.from(cause);
  const type: unknown = Reflect.get(cause, "type");
  const status: unknown = Reflect.get(cause, "status");
  if (type === "request.aborted") return new GatewayError("client_closed", "The client closed the connection.");
  if (status === 413) {
    const limit: unknown = Reflect.get(cause, "limit");
    return new GatewayError("request_too_large", `The request body is larger than ${String(limit)} bytes.`, { cause });
  }
  if (status === 415) {
    const message = "Unsupported content encoding: send the body plain, or as gzip, deflate, br or zstd.";
    return new GatewayError("unsupported_content_type", message, { cause });
  }
  if (typeof status === "number" && status >= 400 && status < 500) {
    return new GatewayError("bad_request", "The request could not be read.", { cause });
  }
  return GatewayError.from(cause);
}
