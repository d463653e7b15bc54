import type { RequestHandler } from "express";
import { z } from "zod";
import { requestContextOf } from "../http/request-context.ts";
import { setResponseHeaders } from "../http/respond.ts";
import { accountSchema } from "./account-schemas.ts";
import { unixMs } from "./list.ts";
import type { Looks } from "./looks.ts";
import { eventSchema, nowSchema, overviewSchema } from "./overview.ts";
import { StreamReader } from "./stream-reader.ts";

/** Each is one tab of a browser. A further one ends the oldest. */
const MAX_READERS = 32;

const omitted = z.int().meta({ description: "How many more there were since the last message." });
const request = z.object({
  id: z.string(),
  at: unixMs,
  key: z.string().nullable(),
  account: z.string().nullable(),
  model: z.string().nullable(),
  route: z.string(),
  status: z.int(),
  code: z.string().nullable(),
  durationMs: z.number(),
  firstTokenMs: z.number().nullable(),
});

const snapshot = z.object({ at: unixMs, overview: overviewSchema, accounts: z.array(accountSchema) });
const accounts = z.object({
  at: unixMs,
  changed: z
    .array(accountSchema.partial().required({ id: true }))
    .meta({ description: "Of each account that changed, its id and the fields that changed." }),
  removed: z.array(z.string()),
});
const requests = z.object({ at: unixMs, data: z.array(request).meta({ description: "Oldest first." }), omitted });
const queue = nowSchema.extend({ at: unixMs });
const event = z.object({ at: unixMs, data: z.array(eventSchema).meta({ description: "Newest first." }), omitted });

const beat = z.object({ at: unixMs }).meta({ description: "Every 15 seconds, so that a reader notices silence." });

/** The data of the events `snapshot`, `accounts`, `requests`, `queue`, `event` and `beat`. */
export const streamEventSchema = z
  .union([snapshot, accounts, requests, queue, event, beat])
  .meta({ id: "StreamEvent" });

export interface StreamParts {
  readonly looks: Pick<Looks, "watch">;
  /** Aborts when the gateway stops. */
  readonly leaving: AbortSignal;
}

/** `GET /admin/api/stream`: what there is, then what changes, as server-sent events. Ends with the session that asked. */
export function streamChanges({ looks, leaving }: StreamParts): RequestHandler {
  const ends = new Set<() => void>();
  return async (asked, response) => {
    setResponseHeaders(response);
    response.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    });
    if (asked.method === "HEAD") {
      response.end();
      return;
    }
    const { session } = requestContextOf(response);
    const ended = AbortSignal.any([leaving, ...(session ? [session.ended] : [])]);
    const end = (): void => void response.end();
    ended.addEventListener("abort", end, { once: true });
    const [oldest] = ends;
    if (ends.size >= MAX_READERS) oldest?.();
    ends.add(end);
    response.socket?.setNoDelay(true);
    response.write("retry: 2000\n\n");
    const closing = new DisposableStack();
    response.once("close", () => {
      closing.dispose();
      ends.delete(end);
      ended.removeEventListener("abort", end);
    });
    const watch = await looks.watch();
    // The reader may have left while other replicas were asked.
    if (closing.disposed || ended.aborted) {
      watch[Symbol.dispose]();
      return end();
    }
    closing.use(watch);
    closing.use(new StreamReader(watch.sources, response));
  };
}
