import { once } from "node:events";
import type { Response } from "express";
import type { Dialect } from "../dialects/dialect.ts";
import { GatewayError } from "../errors.ts";
import { setResponseHeaders } from "./respond.ts";
import { requestContextOf } from "./request-context.ts";
import type { RequestDeadline } from "./request-deadline.ts";

export interface EventDelivery<E> {
  readonly dialect: Pick<Dialect<never, E>, "frame" | "endFrame" | "failureFrame">;
  readonly deadline: RequestDeadline;
  readonly unreadLimitMs: number;
}

/** A client that reads nothing for this long is gone. */
export const UNREAD_LIMIT_MS = 60_000;

/**
 * Sends server-sent events, at the pace at which the client reads. The status is sent with the first event, so a failure
 * before it becomes an ordinary error answer. A later failure ends the stream with the dialect's error event.
 */
export async function sendEvents<E>(
  response: Response,
  events: AsyncIterable<E>,
  { dialect, deadline, unreadLimitMs }: EventDelivery<E>,
): Promise<void> {
  try {
    for await (const event of events) {
      if (!response.headersSent) open(response, deadline);
      if (!response.write(dialect.frame(event))) await waitFor(response, "drain", unreadLimitMs);
    }
    response.end(dialect.endFrame);
  } catch (cause) {
    const error = GatewayError.from(cause);
    deadline.abandon(error);
    if (!response.headersSent) throw error;
    const context = requestContextOf(response);
    context.failure = error;
    if (error.code === "client_closed") response.destroy();
    else response.end(dialect.failureFrame(error, context.id));
  }
  await flushed(response, unreadLimitMs);
}

/** Waits until the client has received the answer, and cuts it off when it reads nothing. */
export async function flushed(response: Response, unreadLimitMs: number): Promise<void> {
  await waitFor(response, "finish", unreadLimitMs).catch(() => response.destroy());
}

function open(response: Response, deadline: RequestDeadline): void {
  deadline.answered();
  setResponseHeaders(response);
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",
  });
  response.socket?.setNoDelay(true);
  response.flushHeaders();
}

/** Waits for the event. @throws GatewayError when the connection closes first, or nothing happens. */
async function waitFor(response: Response, event: "drain" | "finish", limitMs: number): Promise<void> {
  if (response.writableFinished) return;
  if (response.destroyed) throw new GatewayError("client_closed", "The client closed the connection.");
  const settled = new AbortController();
  const late = setTimeout(() => settled.abort(), limitMs);
  try {
    const closed = once(response, "close", { signal: settled.signal }).then(() => {
      throw new GatewayError("client_closed", "The client closed the connection.");
    });
    await Promise.race([once(response, event, { signal: settled.signal }), closed]);
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
    const message = `The client read nothing for ${Math.round(limitMs / 1000)} seconds.`;
    throw new GatewayError("client_closed", message, { cause });
  } finally {
    clearTimeout(late);
    settled.abort();
  }
}
