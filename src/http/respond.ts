import type { Response } from "express";
import { retryAdvice, waitSeconds } from "../dialects/retry-advice.ts";
import type { GatewayError } from "../errors.ts";
import { requestContextOf } from "./request-context.ts";

/** Sets the headers that are known only when the answer begins. */
export function setResponseHeaders(response: Response): void {
  const context = requestContextOf(response);
  response.setHeader("openai-processing-ms", String(context.elapsedMs));
  if (context.progress) {
    const { accountId, replicaId, attempts, queuedMs, queuePosition, estimatedWaitMs, isLocal } = context.progress;
    if (accountId !== undefined) response.setHeader("x-gateway-account", headerText(accountId));
    if (replicaId !== undefined) response.setHeader("x-gateway-replica", headerText(replicaId));
    response.setHeader("x-gateway-attempts", String(attempts));
    if (isLocal) response.setHeader("x-gateway-local", "true");
    // A stream opens after a while even if its request still waits.
    if (queuePosition !== undefined) response.setHeader("x-gateway-queue-position", String(queuePosition));
    else response.setHeader("x-gateway-queued-ms", String(Math.round(queuedMs)));
    setEstimate(response, estimatedWaitMs);
  }
  const readings = context.rateReadings;
  if (readings) response.setHeaders(new Map(Object.entries(context.rateLimitHeaders(readings))));
  const { model, ignoredParams, emulatedParams, uncheckedParams, contextCut } = context;
  if (model !== undefined) response.setHeader("x-gateway-model", headerText(model));
  if (contextCut && contextCut.characters > 0) {
    const { turns, characters } = contextCut;
    response.setHeader("x-gateway-context-cut", `turns=${turns}, characters=${characters}`);
  }
  if (ignoredParams.length > 0) response.setHeader("x-ignored-params", ignoredParams.join(", "));
  if (emulatedParams.length > 0) response.setHeader("x-emulated-params", emulatedParams.join(", "));
  if (uncheckedParams.length > 0) response.setHeader("x-unchecked-params", uncheckedParams.join(", "));
}

export function sendJson(response: Response, status: number, body: unknown): void {
  if (response.headersSent || response.destroyed) return;
  const bytes = Buffer.from(JSON.stringify(body));
  setResponseHeaders(response);
  response.writeHead(status, { "content-type": "application/json", "content-length": bytes.length });
  response.end(bytes);
}

export function sendError(response: Response, error: GatewayError): void {
  const context = requestContextOf(response);
  context.failure = error;
  if (response.headersSent || response.destroyed) return;
  setEstimate(response, error.estimatedWaitMs);
  const { shouldRetry, afterMs } = retryAdvice(error);
  response.setHeader("x-should-retry", String(shouldRetry));
  if (afterMs !== undefined) {
    response.setHeader("retry-after", String(waitSeconds(afterMs)));
    response.setHeader("retry-after-ms", String(Math.max(1, Math.ceil(afterMs))));
  }
  sendJson(response, error.row.status, context.errorBody(error, context.id));
}

/** For a request that waits, or was refused because it would wait too long. */
function setEstimate(response: Response, waitMs: number | undefined): void {
  if (waitMs !== undefined) response.setHeader("x-gateway-estimated-wait-ms", String(Math.round(waitMs)));
}

/** The operator chooses ids, and they may contain characters that a header may not. */
function headerText(value: string): string {
  return value.replaceAll(/[^\x20-\x7e]/g, "_");
}
