import type { RequestHandler } from "express";
import { sendJson, setResponseHeaders } from "../http/respond.ts";

/** One account as its operator sees it. Times are milliseconds since the epoch. */
export interface AccountStatus {
  readonly id: string;
  readonly state: string;
  readonly reason: string;
  /** When the state began. */
  readonly since: number;
  /** When it is tried again, where that is known. */
  readonly nextTryAt: number | undefined;
  /** When the site will sign it out, where that is known. */
  readonly expiresAt: number | undefined;
}

/** The requests that wait for an account. */
export interface QueueStatus {
  readonly length: number;
  /** How long a request would wait that comes now and is served last; undefined where no account can answer. */
  readonly estimatedWaitMs: number | undefined;
}

interface Sources {
  readonly accounts: () => readonly AccountStatus[];
  readonly queue: () => QueueStatus;
}

/** `GET /admin/api/accounts`: every account, with why it is in its state, and how long the queue is. */
export function listAccounts({ accounts, queue }: Sources): RequestHandler {
  return (_request, response) => {
    const data = accounts().map(({ id, state, reason, since, nextTryAt = null, expiresAt = null }) => {
      return { id, state, reason, since, nextTryAt, expiresAt };
    });
    const { length, estimatedWaitMs } = queue();
    const waitMs = estimatedWaitMs === undefined ? null : Math.round(estimatedWaitMs);
    sendJson(response, 200, { object: "list", data, queue: { length, estimatedWaitMs: waitMs } });
  };
}

/** What a Prometheus server reads. */
export interface MetricsText {
  readonly contentType: string;
  text(): Promise<string>;
}

/** `GET /metrics` */
export function tellMetrics(metrics: MetricsText): RequestHandler {
  return async (_request, response) => {
    const bytes = Buffer.from(await metrics.text());
    setResponseHeaders(response);
    response.writeHead(200, { "content-type": metrics.contentType, "content-length": bytes.length }).end(bytes);
  };
}
