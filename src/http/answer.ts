import type { ServerResponse } from "node:http";
import type { GatewayError } from "../errors.ts";
import { retryAdvice, waitSeconds } from "../openai/error.ts";
import { exchangeOf } from "./exchange.ts";

/** Every answer's headers that are known only when it begins. */
export function stampHeaders(response: ServerResponse): void {
  const exchange = exchangeOf(response);
  response.setHeader("openai-processing-ms", String(exchange.elapsedMs));
  if (exchange.progress) {
    const { credentialId, attempts, queuedMs, queuePosition } = exchange.progress;
    if (credentialId !== undefined) response.setHeader("x-gateway-credential", headerText(credentialId));
    response.setHeader("x-gateway-attempts", String(attempts));
    // A stream opens after a while, though its request still waits.
    if (queuePosition !== undefined) response.setHeader("x-gateway-queue-position", String(queuePosition));
    else response.setHeader("x-gateway-queued-ms", String(Math.round(queuedMs)));
  }
  const { model, ignoredParams, emulatedParams, uncheckedParams } = exchange;
  if (model !== undefined) response.setHeader("x-gateway-model", headerText(model));
  if (ignoredParams.length > 0) response.setHeader("x-ignored-params", ignoredParams.join(", "));
  if (emulatedParams.length > 0) response.setHeader("x-emulated-params", emulatedParams.join(", "));
  if (uncheckedParams.length > 0) response.setHeader("x-unchecked-params", uncheckedParams.join(", "));
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent || response.destroyed) return;
  const bytes = Buffer.from(JSON.stringify(body));
  stampHeaders(response);
  response.writeHead(status, { "content-type": "application/json", "content-length": bytes.length });
  response.end(bytes);
}

export function sendError(response: ServerResponse, error: GatewayError): void {
  const exchange = exchangeOf(response);
  exchange.failure = error;
  if (response.headersSent || response.destroyed) return;
  const { shouldRetry, afterMs } = retryAdvice(error);
  response.setHeader("x-should-retry", String(shouldRetry));
  if (afterMs !== undefined) {
    response.setHeader("retry-after", String(waitSeconds(afterMs)));
    response.setHeader("retry-after-ms", String(Math.max(1, Math.ceil(afterMs))));
  }
  sendJson(response, error.row.status, exchange.errorBody(error));
}

/** Ids are the operator's words and may hold what a header may not. */
function headerText(value: string): string {
  return value.replaceAll(/[^\x20-\x7e]/g, "_");
}
