import type { ConsoleParts } from "../../src/admin/console-routes.ts";
import type { Audit } from "../../src/admin/audit.ts";
import type { LiveViewParts } from "../../src/admin/live-view.ts";
import type { LookParts } from "../../src/admin/looks.ts";
import type { MetricsText } from "../../src/admin/metrics.ts";
import type { AccountRow } from "../../src/accounts/account-rows.ts";
import { LatestEvents } from "../../src/records/latest-events.ts";
import { LastHour } from "../../src/observe/last-hour.ts";
import { RequestFeed } from "../../src/observe/request-feed.ts";
import { AccountEvents } from "../../src/pool/account-event.ts";
import { GatewayError } from "../../src/errors.ts";

const NONE: AccountRow["recent"] = [];

/** An account of the settings that waits for requests. */
export function accountRow(row: Partial<AccountRow> = {}): AccountRow {
  return {
    id: "alice",
    state: "ready",
    reason: "waiting for a request",
    since: 1,
    nextTryAt: undefined,
    expiresAt: undefined,
    isLeased: false,
    isLeaving: false,
    pace: undefined,
    lastSentAt: undefined,
    lastUsedAt: undefined,
    source: "settings",
    site: "gptomni",
    proxy: undefined,
    isEditable: false,
    recent: NONE,
    ...row,
  };
}

/** What the operator's routes see of a gateway with these accounts, none of which can be changed. */
export function adminParts(
  rows: readonly AccountRow[] = [],
): Omit<LookParts, "readiness"> &
  Omit<ConsoleParts, "looks"> &
  LiveViewParts & { readonly metrics: MetricsText; readonly audit: Audit } {
  const row = (id: string): AccountRow => {
    const found = rows.find((one) => one.id === id);
    if (!found) throw new GatewayError("account_not_found", "There is no account with this id.");
    return found;
  };
  const act = async (id: string) => ({ row: row(id), effect: "Nothing happened.", notes: [] });
  return {
    metrics: { contentType: "text/plain", text: async () => "" },
    audit: () => undefined,
    liveViews: { ticketFor: refuse },
    bundles: undefined,
    settings: [],
    queueLimit: 100,
    waiting: () => [],
    changes: new LatestEvents(),
    lastHour: new LastHour(),
    openPages: () => 0,
    maxOpenPages: 1,
    expiresSoonMs: 3 * 86_400_000,
    events: new AccountEvents(),
    requests: new RequestFeed(),
    leaving: new AbortController().signal,
    queue: () => ({ length: 0, estimatedWaitMs: 0 }),
    accounts: {
      rows,
      row,
      historyOf: () => [],
      preview: refuse,
      add: refuse,
      change: refuse,
      remove: refuse,
      disable: act,
      enable: act,
      check: act,
      recycle: act,
    },
  };
}

function refuse(): never {
  throw new GatewayError("state_not_stored", "Nothing is stored here.");
}
