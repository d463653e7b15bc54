import type { RequestHandler } from "express";
import { z } from "zod";
import { sendJson } from "../http/respond.ts";
import { ACCOUNT_STATES } from "../pool/account-state.ts";

const unixMs = z.int().meta({ description: "Unix time in milliseconds." });

const account = z
  .object({
    id: z.string(),
    state: z.enum(ACCOUNT_STATES),
    reason: z.string(),
    since: unixMs,
    nextTryAt: unixMs.nullable(),
    expiresAt: unixMs.nullable(),
  })
  .meta({ id: "Account" });

const queue = z
  .object({
    length: z.int().meta({ description: "How many requests wait for an account." }),
    estimatedWaitMs: z
      .int()
      .nullable()
      .meta({ description: "How long a request would wait that came now and were served last." }),
  })
  .meta({ id: "Queue" });

export const accountListSchema = z
  .object({ object: z.literal("list"), data: z.array(account), queue })
  .meta({ id: "AccountList" });

/** One account as its operator sees it. Times are milliseconds since the epoch. */
export interface AccountStatus {
  readonly id: string;
  readonly state: string;
  readonly reason: string;
  /** When the state began. */
  readonly since: number;
  /** When the account is tried again, if that is known. */
  readonly nextTryAt: number | undefined;
  /** When the site will sign the account out, if that is known. */
  readonly expiresAt: number | undefined;
}

/** The requests that wait for an account. */
export interface QueueStatus {
  readonly length: number;
  /** How long a request would wait that came now and were served last; undefined if no account can answer. */
  readonly estimatedWaitMs: number | undefined;
}

export interface AccountSources {
  readonly accounts: () => readonly AccountStatus[];
  readonly queue: () => QueueStatus;
}

/** `GET /admin/api/accounts`: every account, with why it is in its state, and how long the queue is. */
export function listAccounts({ accounts, queue: readQueue }: AccountSources): RequestHandler {
  return (_request, response) => {
    const data = accounts().map(({ id, state, reason, since, nextTryAt = null, expiresAt = null }) => {
      return { id, state, reason, since, nextTryAt, expiresAt };
    });
    const { length, estimatedWaitMs } = readQueue();
    const waitMs = estimatedWaitMs === undefined ? null : Math.round(estimatedWaitMs);
    sendJson(response, 200, { object: "list", data, queue: { length, estimatedWaitMs: waitMs } });
  };
}
