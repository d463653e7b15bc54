import type { AccountPersistence } from "../accounts/account-persistence.ts";
import type { Accounts } from "../accounts/accounts.ts";
import { warningsOf } from "../accounts/open-persistence.ts";
import { LastHour } from "../observe/last-hour.ts";
import type { RecentAnswers } from "../observe/recent-answers.ts";
import { RequestFeed } from "../observe/request-feed.ts";
import type { Readiness } from "../pool/pool-status.ts";
import type { SessionPool } from "../pool/session-pool.ts";
import type { Records } from "../records/records.ts";
import type { AlertParts } from "./alerts.ts";
import type { Audit } from "./audit.ts";
import type { ConsoleParts } from "./console-routes.ts";
import type { LookParts } from "./looks.ts";
import type { SessionParts } from "./session.ts";

export interface ViewedParts
  extends
    Pick<ConsoleParts, "settings" | "leaving">,
    Pick<LookParts, "queueLimit" | "maxOpenPages" | "expiresSoonMs">,
    AlertParts {
  readonly pool: SessionPool;
  readonly accounts: Accounts;
  readonly persistence: AccountPersistence;
  readonly operator: SessionParts["operator"];
  readonly records: Records;
  readonly audit: Audit;
  /** Whether requests can be answered; by the accounts in use here, unless given. */
  readonly ready?: (() => Readiness) | undefined;
}

/** What the operator's routes look at. `lastHour` and `requests` are to hear of each request that is over. */
export function viewsOf({ pool, accounts, persistence, ready = () => pool.readiness, ...given }: ViewedParts) {
  const warnings = () => [...warningsOf(persistence), ...given.records.warnings];
  return {
    ...given,
    accounts: accounts.control,
    recent: accounts.recent,
    changes: given.records.latest,
    events: pool.events,
    lastHour: new LastHour(),
    requests: new RequestFeed(),
    queue: () => pool.queue,
    waiting: () => pool.waitingRequests,
    /** For the probe. */
    probed: () => ({ ...ready(), warnings: warnings() }),
    /** Of the accounts in use here. */
    readiness: () => ({ ...pool.readiness, warnings: warnings() }),
    openPages: () => pool.openPages,
  } satisfies Omit<ConsoleParts, "looks"> &
    Omit<LookParts, "bundles"> &
    AlertParts &
    SessionParts & { readonly probed: () => Readiness; readonly recent: RecentAnswers };
}
