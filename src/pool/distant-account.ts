import type { Account } from "./account.ts";
import type { Prospect } from "./forecast.ts";

/** As much of an account as decides whether it may serve a request. */
export type Candidate = Pick<Account, "id" | "site" | "isInService">;

/** What a replica tells the others of one of its accounts. All times are milliseconds from when it was told. */
export interface Outlook extends Pick<Account, "id" | "site" | "state"> {
  /** When it can be leased, apart from its rate limit: as things usually go, and at the earliest. */
  readonly freeInMs: number;
  readonly earliestInMs: number;
  readonly rateLimit?: Prospect<unknown>["rateLimit"];
  readonly sendsEndInMs: readonly number[];
}

/** The same later: it was told so long ago. */
export interface DistantOutlook extends Outlook, Candidate {
  readonly ageMs: number;
}

/** An account that no replica has in use, and that one is about to take into use. */
export interface ArrivingAccount extends Candidate, Pick<Outlook, "rateLimit"> {
  /** When it can be leased, as such things usually go; on the monotonic clock, in milliseconds. */
  readonly dueMs: number;
}

/** The accounts of other replicas that may soon serve, and those on their way from one replica to another. */
export interface DistantAccounts {
  outlooks(): readonly DistantOutlook[];
  arriving(): readonly ArrivingAccount[];
  /** Accounts here were taken into use, or out of it. */
  onOwnChange(): void;
}

export function outlookOf(
  { id, site, state }: Account,
  { freeInMs, rateLimit, sendsEndInMs }: Prospect<Account>,
  certain: Prospect<Account>,
): Outlook {
  return { id, site, state, freeInMs, earliestInMs: certain.freeInMs, rateLimit, sendsEndInMs };
}

/**
 * usual: as things usually go · open: the same, as if all pages were open already · certain: only what cannot come sooner.
 */
export type Assumption = "usual" | "open" | "certain";

export function distantProspect(outlook: DistantOutlook, assumed: Assumption): Prospect<Candidate> {
  const { ageMs, state, freeInMs, earliestInMs, rateLimit, sendsEndInMs } = outlook;
  // An account that answers has its page open; what the others take is the time to open it.
  const isUsual = assumed === "usual" || (assumed === "open" && state === "busy");
  return {
    account: outlook,
    freeInMs: Math.max(0, (isUsual ? freeInMs : earliestInMs) - ageMs),
    rateLimit,
    sendsEndInMs: sendsEndInMs.map((ms) => Math.max(0, ms - ageMs)),
  };
}

/** When it sent last is not known before it arrives. */
export function arrivingProspect(account: ArrivingAccount, assumed: Assumption): Prospect<Candidate> {
  const freeInMs = assumed === "certain" ? 0 : Math.max(0, account.dueMs - performance.now());
  return { account, freeInMs, rateLimit: account.rateLimit, sendsEndInMs: [] };
}
