import type { Account } from "./account.ts";

/**
 * `nextTryAt`: when the rate limit allows the next request, or a failed account is tried again. `expiresAt`: when the site
 * will sign the account out, where that is known. Both are in milliseconds since the epoch.
 */
export type AccountStatus = Pick<Account, "id" | "state" | "reason" | "since" | "nextTryAt"> & {
  readonly expiresAt: number | undefined;
};

export interface Readiness {
  readonly ready: boolean;
  /** Why it is not ready. The probe needs no key, so the reasons name no account. */
  readonly reasons: readonly string[];
}

export function statusOf({ id, state, reason, since, nextTryAt, rateLimiter, session }: Account): AccountStatus {
  const nextUseAt = state === "rate_limited" ? Math.round(Date.now() + rateLimiter.waitMs) : nextTryAt;
  return { id, state, reason, since, nextTryAt: nextUseAt, expiresAt: session.authCookies.expiresAt };
}

/** Ready when an account serves or soon serves; otherwise one reason for each state. `hasIdle`: one may be leased now. */
export function readinessOf(accounts: readonly Account[], hasIdle: boolean): Readiness {
  if (hasIdle || accounts.some(({ state }) => state === "busy" || state === "rate_limited")) {
    return { ready: true, reasons: [] };
  }
  const byState = Object.groupBy(accounts, ({ state }) => state);
  const reasons = Object.entries(byState).map(([state, some]) => `${some.length} ${state}: ${some[0]?.reason}`);
  return { ready: false, reasons };
}
