import type { Durations, Prospect } from "./forecast.ts";
import type { Account } from "./account.ts";

/** How long things usually take, in milliseconds; 0 counts only what is certain. */
export interface UsualDurations extends Durations {
  readonly openingMs: number;
}

/** What is known of the account's future. */
export function prospectOf(account: Account, usual: UsualDurations): Prospect<Account> {
  const { limit, unspent, sendsEndInMs } = account.rateLimiter;
  // A running request that was not sent yet, or whose answer has no head yet, counts as one that is sent now.
  const isUnsent = account.state === "busy" && limit && unspent > 0;
  return {
    account,
    freeInMs: freeInMs(account, usual),
    rateLimit: limit,
    sendsEndInMs: isUnsent ? [...sendsEndInMs, limit.windowMs] : sendsEndInMs,
  };
}

function freeInMs(account: Account, { leaseMs, openingMs }: UsualDurations): number {
  const { state } = account;
  if (state === "busy") return leftOf(leaseMs, account);
  if (state === "opening") return leftOf(openingMs, account);
  if (state === "ready") return 0;
  if (state === "rate_limited") return account.session.isOpen ? 0 : openingMs;
  // It is not known when a failed account works again; `Admission` decides how long requests wait for it.
  return account.failingSinceMs === undefined ? account.waitMs + openingMs : 0;
}

/** What has taken longer than usual may end at any moment. */
function leftOf(usualMs: number, { since }: Account): number {
  return Math.min(usualMs, Math.max(0, since + usualMs - Date.now()));
}
