import type { RequestHandler } from "express";
import type { RequestPhases, RequestRecord, RequestSink } from "../observe/request-record.ts";
import { cut } from "./kept-text.ts";
import { requestContextOf, type RequestContext } from "./request-context.ts";

/** As nginx has it: the client left before the answer was complete. */
const CLIENT_CLOSED = 499;

/** Names each request in its answer, and hands its record to the sinks when it is over. */
export function recordRequests(sinks: readonly RequestSink[]): RequestHandler {
  return (request, response, next) => {
    const context = requestContextOf(response);
    response.setHeader("x-request-id", context.id);
    response.setHeader("openai-version", "2020-10-01");
    response.once("close", () => {
      const isWhole = response.writableFinished;
      const record = recordOf(context, request.method, isWhole ? response.statusCode : undefined);
      for (const sink of sinks) sink.add(record);
    });
    next();
  };
}

/** `status` is undefined where the client does not have the whole answer. */
function recordOf(context: RequestContext, method: string, status: number | undefined): RequestRecord {
  const {
    id,
    startedAt: at,
    acceptedKey,
    model,
    failure,
    progress,
    answers,
    elapsedMs: durationMs,
    firstTokenMs,
  } = context;
  return {
    id,
    at,
    method,
    route: context.route ?? "unknown",
    keyId: acceptedKey?.keyId,
    keyName: acceptedKey?.name,
    model,
    account: progress?.accountId,
    attempts: progress?.attempts,
    status: status ?? failure?.row.status ?? CLIENT_CLOSED,
    code: failure?.code ?? (status === undefined ? "client_closed" : undefined),
    failure,
    durationMs,
    firstTokenMs,
    phases: phasesOf(context),
    tokens: answers?.tokens,
    countTokens: answers && isBegun(progress) ? once(() => answers.countTokens()) : undefined,
    texts: context.prompt === undefined ? undefined : { prompt: context.prompt, answer: cut(answers?.text ?? "") },
  };
}

/** Several ask, and it is work. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => (result ??= work());
}

/** Whether the site was asked, or the gateway answered in its place. */
function isBegun(progress: RequestContext["progress"]): boolean {
  return progress !== undefined && (progress.attempts > 0 || progress.isLocal === true);
}

function phasesOf({ progress }: RequestContext): RequestPhases {
  return {
    queueMs: rounded(progress?.queuedMs),
    paceMs: rounded(progress?.pacedMs),
    leaseMs: rounded(progress?.leaseMs),
    firstByteMs: rounded(progress?.firstByteMs),
    streamMs: rounded(progress?.streamMs),
  };
}

function rounded(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms);
}
