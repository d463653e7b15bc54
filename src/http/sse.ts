import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { GatewayError } from "../errors.ts";
import { stampHeaders } from "./respond.ts";
import { requestContextOf } from "./request-context.ts";
import type { RequestDeadline } from "./request-deadline.ts";

/** How a dialect writes its events. */
export interface EventFrames {
  event(item: unknown): string;
  /** After the last event; empty where the dialect has nothing. */
  readonly end: string;
  /** What ends a stream that fails after it began. */
  failure(error: GatewayError, requestId: string): string;
}

export interface EventDelivery {
  readonly frames: EventFrames;
  readonly patience: RequestDeadline;
  readonly unreadLimitMs: number;
}

/** A client that reads nothing for this long is gone. */
export const UNREAD_LIMIT_MS = 60_000;

/**
 * Items → server-sent events, at the pace at which the client reads. The status waits for the first item, so that
 * what fails before it is an ordinary error answer; later failures end the stream with the dialect's error event.
 */
export async function sendEvents(
  response: ServerResponse,
  items: AsyncIterable<unknown>,
  { frames, patience, unreadLimitMs }: EventDelivery,
): Promise<void> {
  try {
    for await (const item of items) {
      if (!response.headersSent) open(response, patience);
      if (!response.write(frames.event(item))) await heard(response, "drain", unreadLimitMs);
    }
    response.end(frames.end);
  } catch (cause) {
    const error = GatewayError.from(cause);
    patience.abandon(error);
    if (!response.headersSent) throw error;
    const exchange = requestContextOf(response);
    exchange.failure = error;
    if (error.code === "client_closed") response.destroy();
    else response.end(frames.failure(error, exchange.id));
  }
  await delivered(response, unreadLimitMs);
}

/** Waits until the client has taken what was sent, and cuts it off when it does not. */
export async function delivered(response: ServerResponse, unreadLimitMs: number): Promise<void> {
  await heard(response, "finish", unreadLimitMs).catch(() => response.destroy());
}

function open(response: ServerResponse, patience: RequestDeadline): void {
  patience.answered();
  stampHeaders(response);
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",
  });
  response.socket?.setNoDelay(true);
  response.flushHeaders();
}

export function dataFrame(data: unknown): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}

/** Waits for the event. @throws GatewayError when the connection closes first, or nothing happens. */
async function heard(response: ServerResponse, event: "drain" | "finish", limitMs: number): Promise<void> {
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
