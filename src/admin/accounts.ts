import type { RequestHandler } from "express";
import { z } from "zod";
import type { AccountControl } from "../accounts/account-control.ts";
import { GatewayError } from "../errors.ts";
import { sendJson } from "../http/respond.ts";
import { accountIdOf, audited, record } from "./account-changes.ts";
import { accountSchema, shownAccount } from "./account-schemas.ts";
import type { Audit } from "./audit.ts";
import { queryOf } from "./input.ts";
import { listOf, listQuery } from "./list.ts";

/** Unlike other lists, this one is whole unless a limit is given. */
export const accountQuery = listQuery.extend({ limit: listQuery.shape.limit.unwrap().optional() });

export const queueSchema = z
  .object({
    length: z.int().meta({ description: "How many requests wait for an account." }),
    estimatedWaitMs: z
      .int()
      .nullable()
      .meta({ description: "How long a request would wait that came now and were served last." }),
  })
  .meta({ id: "Queue" });

export const accountListSchema = listOf(accountSchema).extend({ queue: queueSchema }).meta({ id: "AccountList" });

/** The requests that wait for an account. */
export interface QueueStatus {
  readonly length: number;
  /** How long a request would wait that came now and were served last; undefined if no account can answer. */
  readonly estimatedWaitMs: number | undefined;
}

export interface AccountSources {
  readonly accounts: Pick<AccountControl, "rows">;
  readonly queue: () => QueueStatus;
}

/** `GET /admin/api/accounts`: every account unless `limit` is given, with why it is in its state, and how long the queue is. */
export function listAccounts({ accounts, queue: readQueue }: AccountSources): RequestHandler {
  return (request, response) => {
    const { limit = Infinity, cursor } = queryOf(request, accountQuery);
    const { rows } = accounts;
    const first = cursor === undefined ? 0 : rows.findIndex(({ id }) => id === cursor) + 1;
    if (cursor !== undefined && first === 0) {
      throw new GatewayError("invalid_value", "Invalid 'cursor': the account that it names is gone.", {
        param: "cursor",
      });
    }
    const page = rows.slice(first, first + limit);
    const nextCursor = first + page.length < rows.length ? (page.at(-1)?.id ?? null) : null;
    sendJson(response, 200, {
      object: "list",
      data: page.map(shownAccount),
      nextCursor,
      queue: shownQueue(readQueue()),
    });
  };
}

export function shownQueue({ length, estimatedWaitMs }: QueueStatus): z.infer<typeof queueSchema> {
  return { length, estimatedWaitMs: estimatedWaitMs === undefined ? null : Math.round(estimatedWaitMs) };
}

/** `GET /admin/api/accounts/{id}` */
export function showAccount(accounts: Pick<AccountControl, "row" | "historyOf">): RequestHandler {
  return (request, response) => {
    const id = accountIdOf(request);
    const row = accounts.row(id);
    const history = accounts.historyOf(id).map(({ since: at, from: before, to: after, reason, nextTryAt = null }) => {
      return { at, before, after, reason, nextTryAt };
    });
    sendJson(response, 200, { ...shownAccount(row), history });
  };
}

/** What an operator does with an account that stays as it is configured, and how that is recorded. */
export const ACCOUNT_ACTIONS = {
  disable: "account_disabled",
  enable: "account_enabled",
  check: "account_checked",
  recycle: "account_recycled",
} as const;

export interface AccountActionParts {
  readonly accounts: Pick<AccountControl, "row" | keyof typeof ACCOUNT_ACTIONS>;
  readonly audit: Audit;
}

/** `POST /admin/api/accounts/{id}/disable` and the like. They take no body. */
export function actOnAccount(
  { accounts, audit }: AccountActionParts,
  action: keyof typeof ACCOUNT_ACTIONS,
): RequestHandler {
  return async (request, response) => {
    const id = accountIdOf(request);
    const before = audited(accounts.row(id));
    const { row, effect } = await accounts[action](id);
    record(audit, response, { kind: ACCOUNT_ACTIONS[action], account: id, before, after: audited(row) });
    sendJson(response, 200, { ...shownAccount(row), effect });
  };
}
