import type { RequestHandler } from "express";
import { requestContextOf } from "./request-context.ts";

/** What is needed of a logger; pino's has it. */
export interface EdgeLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** A request that is over. */
export interface RequestDone {
  readonly route: string;
  readonly status: number;
  readonly code: string | undefined;
  /** The name of the key that it came with. */
  readonly key: string | undefined;
  readonly durationMs: number;
  readonly firstTokenMs: number | undefined;
  readonly queuedMs: number | undefined;
}

/** As nginx has it: the client left before the answer was complete. */
const CLIENT_CLOSED = 499;

/** One line per request, when it is over. Neither prompt nor key is in it. */
export function logRequests(log: EdgeLog, onDone: (request: RequestDone) => void): RequestHandler {
  return (request, response, next) => {
    const exchange = requestContextOf(response);
    response.setHeader("x-request-id", exchange.id);
    response.setHeader("openai-version", "2020-10-01");
    response.once("close", () => {
      const { failure, progress, route } = exchange;
      const isWhole = response.writableFinished;
      const fields = {
        requestId: exchange.id,
        method: request.method,
        route: route ?? "unknown",
        status: isWhole ? response.statusCode : (failure?.row.status ?? CLIENT_CLOSED),
        key: exchange.keyId || undefined,
        code: failure?.code ?? (isWhole ? undefined : "client_closed"),
        account: progress?.accountId,
        attempts: progress?.attempts,
        queuedMs: progress && Math.round(progress.queuedMs),
        durationMs: exchange.elapsedMs,
        firstTokenMs: exchange.firstTokenMs,
      };
      onDone(fields);
      if (failure?.code === "internal_error") log.error({ ...fields, err: failure.cause }, "request failed");
      else if ((failure?.row.status ?? 0) >= 500) log.warn({ ...fields, reason: failure?.message }, "request failed");
      else if (route !== undefined && QUIET_ROUTES.has(route)) log.debug(fields, "request done");
      else log.info(fields, "request done");
    });
    next();
  };
}

/** Asked every few seconds by whatever watches the gateway. */
const QUIET_ROUTES: ReadonlySet<string> = new Set(["/livez", "/healthz", "/readyz", "/metrics"]);
