import type { RequestHandler } from "express";
import { setResponseHeaders } from "../http/respond.ts";

/** What a Prometheus server reads. */
export interface MetricsText {
  readonly contentType: string;
  text(): Promise<string>;
}

/** `GET /metrics` */
export function serveMetrics(metrics: MetricsText): RequestHandler {
  return async (_request, response) => {
    const bytes = Buffer.from(await metrics.text());
    setResponseHeaders(response);
    response.writeHead(200, { "content-type": metrics.contentType, "content-length": bytes.length }).end(bytes);
  };
}
