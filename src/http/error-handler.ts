import type { ErrorRequestHandler } from "express";
import { GatewayError } from "../errors.ts";
import { sendError } from "./respond.ts";

// Express knows an error handler by its four parameters.
export const answerError: ErrorRequestHandler = (cause: unknown, _request, response, _next) => {
  sendError(response, toGatewayError(cause));
  if (!response.writableEnded) response.destroy();
};

/** Express fails with errors that carry a status. */
function toGatewayError(cause: unknown): GatewayError {
  if (cause instanceof GatewayError || typeof cause !== "object" || cause === null) return GatewayError.from(cause);
  const status: unknown = Reflect.get(cause, "status");
  if (typeof status === "number" && status >= 400 && status < 500) {
    return new GatewayError("bad_request", "The request could not be read.", { cause });
  }
  return GatewayError.from(cause);
}
