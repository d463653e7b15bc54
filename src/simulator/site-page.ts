import type { Http2ServerResponse } from "node:http2";

export const HTML_TYPE = "text/html; charset=utf-8";

/** A page that the simulated site shows at one path in place of its own, once the challenge is passed. */
export interface SitePage {
  readonly status?: number;
  /** Default: `text/html`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The response never ends; without a body, not even its head is sent. */
  readonly isEndless?: boolean;
}

export function sendPage(
  response: Http2ServerResponse,
  { status = 200, headers = {}, body = "", isEndless }: SitePage,
): void {
  response.statusCode = status;
  response.setHeader("content-type", HTML_TYPE);
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (!isEndless) response.end(body);
  else if (body !== "") response.write(body);
}

export function send(response: Http2ServerResponse, status: number, type: string, body: string): void {
  response.statusCode = status;
  response.setHeader("content-type", type);
  response.end(body);
}
