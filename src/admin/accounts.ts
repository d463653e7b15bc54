import type { RequestHandler } from "express";
import { z } from "zod";
import { GatewayError } from "../errors.ts";
import { sendJson } from "../http/respond.ts";
import { accountIdOf, audited, record } from "./account-changes.ts";
import type { AccountAction, AccountDirectory } from "./account-directory.ts";
import { accountSchema } from "./account-schemas.ts";
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
  readonly accounts: Pick<AccountDirectory, "list">;
  queue(): Promise<z.infer<typeof queueSchema>>;
}

/** `GET /admin/api/accounts`: every account unless `limit` is given, with why it is in its state, and how long the queue is. */
export function listAccounts(looks: AccountSources): RequestHandler {
  return async (request, response) => {
    const { limit = Infinity, cursor } = queryOf(request, accountQuery);
    const [rows, queue] = await Promise.all([looks.accounts.list(), looks.queue()]);
    const first = cursor === undefined ? 0 : rows.findIndex(({ id }) => id === cursor) + 1;
    if (cursor !== undefined && first === 0) {
      throw new GatewayError("invalid_value", "Invalid 'cursor': the account that it names is gone.", {
        param: "cursor",
      });
    }
    const page = rows.slice(first, first + limit);
    const nextCursor = first + page.length < rows.length ? (page.at(-1)?.id ?? null) : null;
    const { length, estimatedWaitMs } = queue;
    sendJson(response, 200, { object: "list", data: page, nextCursor, queue: { length, estimatedWaitMs } });
  };
}

export function shownQueue({ length, estimatedWaitMs }: QueueStatus): z.infer<typeof queueSchema> {
  return { length, estimatedWaitMs: estimatedWaitMs === undefined ? null : Math.round(estimatedWaitMs) };
}

/** `GET /admin/api/accounts/{id}` */
export function showAccount(accounts: Pick<AccountDirectory, "detail">): RequestHandler {
  return async (request, response) => sendJson(response, 200, await accounts.detail(accountIdOf(request)));
}

/** What an operator does with an account that stays as it is configured, and how that is recorded. */
const ACCOUNT_ACTIONS = {
  disable: "account_disabled",
  enable: "account_enabled",
  check: "account_checked",
  recycle: "account_recycled",
} as const satisfies Record<AccountAction, string>;

export interface AccountActionParts {
  readonly accounts: Pick<AccountDirectory, "act">;
  readonly audit: Audit;
}

/** `POST /admin/api/accounts/{id}/disable` and the like. They take no body. */
export function actOnAccount({ accounts, audit }: AccountActionParts, action: AccountAction): RequestHandler {
  return async (request, response) => {
    const { before, account, effect } = await accounts.act(accountIdOf(request), action);
    const { id } = account;
    const change = { kind: ACCOUNT_ACTIONS[action], account: id, before: audited(before), after: audited(account) };
    record(audit, response, change);
    sendJson(response, 200, { ...account, effect });
  };
}
