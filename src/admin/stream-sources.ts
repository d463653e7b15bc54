import type { RequestFeed } from "../observe/request-feed.ts";
import type { RequestRecord } from "../observe/request-record.ts";
import type { AccountEvents } from "../pool/account-event.ts";
import type { LatestEvents } from "../records/latest-events.ts";
import { shownAccount, type ShownAccount } from "./account-schemas.ts";
import { nowOf, overviewOf, type Now, type Overview, type OverviewSources } from "./overview.ts";

/** A request that is over, as far as the stream tells. */
export type FinishedRequest = Pick<
  RequestRecord,
  "id" | "at" | "keyName" | "account" | "model" | "route" | "status" | "code" | "durationMs" | "firstTokenMs"
>;

/** What the stream tells, as it is at the moment, and when it may have changed. */
export interface StreamSources {
  readonly overview: () => Overview;
  readonly accounts: () => readonly ShownAccount[];
  readonly now: () => Now;
  readonly changes: Pick<LatestEvents, "list" | "subscribe">;
  readonly events: { subscribe(listener: () => void): Disposable };
  readonly requests: { subscribe(listener: (request: FinishedRequest) => void): Disposable };
}

export interface LocalStreamSources extends OverviewSources {
  readonly events: Pick<AccountEvents, "subscribe">;
  readonly requests: Pick<RequestFeed, "subscribe">;
}

/** Of this gateway alone. */
export function localChanges(parts: LocalStreamSources): StreamSources {
  const { changes, events, requests } = parts;
  return {
    overview: () => overviewOf(parts),
    accounts: () => parts.accounts.rows.map(shownAccount),
    now: () => nowOf(parts),
    changes,
    events,
    requests,
  };
}
