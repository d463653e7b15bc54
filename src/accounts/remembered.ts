import type { StoredCookies } from "../browser/cookies.ts";
import type { AccountState } from "../pool/account-state.ts";
import type { Account } from "../pool/account.ts";
import type { FailureRecord } from "../pool/failure-streak.ts";
import type { LoadedAccount, StoredAccount } from "../store/stored-account.ts";

/** What a session continues with after a restart. */
export interface RememberedSession {
  readonly cookies: StoredCookies;
  /** Whether something other than the sign-in has been configured differently since. */
  readonly isConfiguredAnew: boolean;
  /** Why it was not in use; undefined when it was healthy. */
  readonly failure: FailureRecord | undefined;
}

/** What an account begins with. */
export interface Remembered {
  /** Undefined if nothing is stored for its sign-in. */
  readonly session: RememberedSession | undefined;
  /** When it sent lately, whichever cookie it had, since the site counts per account. Milliseconds since the epoch. */
  readonly sentAt: readonly number[];
}

const HEALTHY: FailureRecord = { state: "idle", reason: "", since: 0, nextTryAt: undefined, failuresInARow: 0 };

/** What is to be remembered of an account. */
export function storedOf({ session, rateLimiter, failure = HEALTHY }: Account): StoredAccount {
  return { cookies: JSON.stringify(session.authCookies.cookies), sentAt: rateLimiter.sentAt, ...failure };
}

export function sessionOf({
  cookies,
  isConfiguredAnew,
  sentAt: _counted,
  ...failure
}: LoadedAccount): RememberedSession {
  const isHealthy = failure.state === HEALTHY.state;
  return {
    cookies: JSON.parse(cookies) as StoredCookies,
    isConfiguredAnew,
    failure: isHealthy ? undefined : { ...failure, state: failure.state as AccountState },
  };
}
