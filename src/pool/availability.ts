import type { Durations, Prospect } from "./forecast.ts";
import type { Account } from "./account.ts";

/** How long things usually take, in milliseconds; 0 where only what is certain counts. */
export interface UsualDurations extends Durations {
  readonly openingMs: number;
}

/** What is known of the account's future. */
export function prospectOf(account: Account, usual: UsualDurations): Prospect<Account> {
  const { rateLimiter: pace } = account;
  // A running request that was not sent yet, or whose answer has no head, is one that the pace counts from now.
  const unsent = account.state === "busy" && pace.limit && pace.unspent > 0 ? [pace.limit.windowMs] : [];
  return {
    account,
    freeInMs: freeInMs(account, usual),
    pace: pace.limit,
    sendsEndInMs: [...pace.sendsEndInMs, ...unsent],
  };
}

function freeInMs(account: Account, { leaseMs, openingMs }: UsualDurations): number {
  const { state } = account;
  if (state === "busy") return leftOf(leaseMs, account);
  if (state === "opening") return leftOf(openingMs, account);
  if (state === "ready") return 0;
  if (state === "rate_limited") return account.session.isOpen ? 0 : openingMs;
  // When one works again that failed is not known; `Admission` decides how long it is waited for.
  return account.failingSinceMs === undefined ? account.waitMs + openingMs : 0;
}

/** What takes longer than usual may be over at any moment. */
function leftOf(usualMs: number, { since }: Account): number {
  return Math.min(usualMs, Math.max(0, since + usualMs - Date.now()));
}
