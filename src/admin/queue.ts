import { z } from "zod";
import type { WaitingRequest } from "../pool/request-queue.ts";
import type { QueueStatus } from "./accounts.ts";

export const MAX_LISTED = 200;

const waiting = z.object({
  position: z.int().meta({ description: "1 for the request that is served next." }),
  requestId: z.string().nullable(),
  key: z.string().nullable().meta({ description: "The name of its key." }),
  isBackground: z
    .boolean()
    .meta({ description: "Served last: a title, tags or a note that a client asked for on its own." }),
  waitedMs: z.int(),
  estimatedWaitMs: z
    .int()
    .nullable()
    .meta({ description: "How much longer it waits; null: no account will serve it." }),
  leftMs: z.int().meta({ description: "How much longer it may wait." }),
});

export const queueDetailSchema = z
  .object({
    length: z.int(),
    limit: z.int().meta({ description: "QUEUE_LIMIT" }),
    estimatedWaitMs: z.int().nullable(),
    waiting: z.array(waiting).meta({ description: `The first ${MAX_LISTED}, in the order in which they are served.` }),
  })
  .meta({ id: "QueueDetail" });

export type QueueDetail = z.infer<typeof queueDetailSchema>;

export interface QueueSources {
  readonly queue: () => QueueStatus;
  readonly waiting: () => readonly WaitingRequest[];
  readonly queueLimit: number;
}

/** Of this gateway alone. */
export function queueOf({ queue, waiting: readWaiting, queueLimit }: QueueSources): QueueDetail {
  const { length, estimatedWaitMs } = queue();
  const shown = readWaiting()
    .slice(0, MAX_LISTED)
    .map(({ position, caller, ...times }) => ({
      position,
      requestId: caller.requestId ?? null,
      key: caller.keyName ?? null,
      isBackground: caller.isBackground,
      waitedMs: Math.round(times.waitedMs),
      estimatedWaitMs: rounded(times.estimatedWaitMs),
      leftMs: Math.round(times.leftMs),
    }));
  return { length, limit: queueLimit, estimatedWaitMs: rounded(estimatedWaitMs), waiting: shown };
}

function rounded(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.round(ms);
}
