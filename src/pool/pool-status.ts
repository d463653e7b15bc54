import type { Account } from "./account.ts";
import type { RateLimit } from "./rate-limiter.ts";

/**
 * `nextTryAt`: when the rate limit allows the next request, or a failed account is tried again. `expiresAt`: when the site
 * will sign the account out, where that is known. `lastSentAt`: when it sent last, as far as its rate limit knows. All are in
 * milliseconds since the epoch. `isLeased`: a request has it. `isRetired`: it leaves as soon as its request is over.
 */
export type AccountStatus = Pick<
  Account,
  "id" | "state" | "reason" | "since" | "nextTryAt" | "isLeased" | "isRetired"
> & {
  readonly expiresAt: number | undefined;
  /** How much of its rate limit is used; undefined when it has none. */
  readonly pace: Pace | undefined;
  readonly lastSentAt: number | undefined;
};

export interface Pace extends RateLimit {
  /** How many sends count now. */
  readonly used: number;
  /** When the next one is allowed, if that is not now; milliseconds since the epoch. */
  readonly nextAt: number | undefined;
}

export interface Readiness {
  readonly ready: boolean;
  /** Why it is not ready. The probe needs no key, so the reasons name no account. */
  readonly reasons: readonly string[];
}

export function statusOf(account: Account): AccountStatus {
  const { id, state, reason, since, nextTryAt, isLeased, isRetired, rateLimiter, session } = account;
  const pace = paceOf(account);
  return {
    id,
    state,
    reason,
    since,
    nextTryAt: state === "rate_limited" ? (pace?.nextAt ?? Date.now()) : nextTryAt,
    isLeased,
    isRetired,
    expiresAt: session.authCookies.expiresAt,
    pace,
    lastSentAt: rateLimiter.sentAt.at(-1),
  };
}

function paceOf({ rateLimiter: { limit, sendsEndInMs, waitMs } }: Account): Pace | undefined {
  if (!limit) return undefined;
  const used = sendsEndInMs.filter((endMs) => endMs > 0).length;
  return { ...limit, used, nextAt: waitMs > 0 ? Math.round(Date.now() + waitMs) : undefined };
}

/** Ready when an account serves or soon serves; otherwise one reason for each state. `hasIdle`: one may be leased now. */
export function readinessOf(accounts: readonly Account[], hasIdle: boolean): Readiness {
  if (hasIdle || accounts.some(({ state }) => state === "busy" || state === "rate_limited")) {
    return { ready: true, reasons: [] };
  }
  if (accounts.length === 0) return { ready: false, reasons: ["there is no account"] };
  const byState = Object.groupBy(accounts, ({ state }) => state);
  const reasons = Object.entries(byState).map(([state, some]) => `${some.length} ${state}: ${some[0]?.reason}`);
  return { ready: false, reasons };
}
