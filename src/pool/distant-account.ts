import type { Account } from "./account.ts";
import type { Prospect } from "./forecast.ts";

/** As much of an account as decides whether it may serve a request. */
export type Candidate = Pick<Account, "id" | "site" | "isInService">;

/** What a replica tells the others of one of its accounts. All times are milliseconds from when it was told. */
export interface Outlook extends Pick<Account, "id" | "site" | "state"> {
  /** When it can be leased, apart from its rate limit: as things usually go, and at the earliest. */
  readonly freeInMs: number;
  readonly earliestInMs: number;
  readonly rateLimit?: { readonly count: number; readonly windowMs: number } | undefined;
  readonly sendsEndInMs: readonly number[];
}

/** The same later: it was told so long ago. */
export interface DistantOutlook extends Outlook, Candidate {
  readonly ageMs: number;
}

/** The accounts of other replicas that may soon serve. */
export interface DistantAccounts {
  outlooks(): readonly DistantOutlook[];
}

export function outlookOf(
  { id, site, state }: Account,
  { freeInMs, rateLimit, sendsEndInMs }: Prospect<Account>,
  certain: Prospect<Account>,
): Outlook {
  return { id, site, state, freeInMs, earliestInMs: certain.freeInMs, rateLimit, sendsEndInMs };
}

/** `isCertain`: counts only what cannot come sooner. */
export function distantProspect(
  outlook: DistantOutlook,
  { isCertain }: { readonly isCertain: boolean },
): Prospect<Candidate> {
  const { ageMs, freeInMs, earliestInMs, rateLimit, sendsEndInMs } = outlook;
  return {
    account: outlook,
    freeInMs: Math.max(0, (isCertain ? earliestInMs : freeInMs) - ageMs),
    rateLimit,
    sendsEndInMs: sendsEndInMs.map((ms) => Math.max(0, ms - ageMs)),
  };
}
