import type { RequestRecord } from "../observe/request-record.ts";
import type { RequestTexts, StoredRequest } from "../store/request-records.ts";

/** Undefined for what is no caller's request to the API: probes, the operator's routes, and requests without a right key. */
export function storedRequestOf(record: RequestRecord): (StoredRequest & RequestTexts) | undefined {
  const { keyId, keyName, route, phases, tokens, texts } = record;
  if (keyId === undefined || !route.startsWith("/v1/")) return undefined;
  return {
    id: record.id,
    at: record.at,
    keyId,
    key: keyName ?? "",
    account: record.account ?? null,
    model: record.model ?? null,
    method: record.method,
    route,
    status: record.status,
    code: record.code ?? null,
    attempts: record.attempts ?? null,
    durationMs: record.durationMs,
    queueMs: phases.queueMs ?? null,
    paceMs: phases.paceMs ?? null,
    leaseMs: phases.leaseMs ?? null,
    firstByteMs: phases.firstByteMs ?? null,
    streamMs: phases.streamMs ?? null,
    firstTokenMs: record.firstTokenMs ?? null,
    promptTokens: tokens?.prompt ?? null,
    completionTokens: tokens?.completion ?? null,
    reasoningTokens: tokens?.reasoning ?? null,
    prompt: texts?.prompt ?? null,
    answer: texts?.answer ?? null,
  };
}
