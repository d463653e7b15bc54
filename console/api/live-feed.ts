import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { askAgain } from "./ask-again.ts";
import { adminUrl } from "./client.ts";
import { touchSession } from "./session.ts";
import type { AccountList, AccountRow, OverviewAnswer } from "./contract.ts";

type Feed = "open" | "closed";

interface Snapshot {
  readonly overview: OverviewAnswer;
  readonly accounts: AccountRow[];
}

interface AccountChanges {
  readonly changed: readonly (Partial<AccountRow> & Pick<AccountRow, "id">)[];
  readonly removed: readonly string[];
}

interface FinishedRequests {
  readonly data: readonly { readonly at: number; readonly status: number; readonly code: string | null }[];
}

/** A feed that broke is opened again after so long; one that is refused, later. */
const REOPEN_AFTER_MS = 3_000;
const REFUSED_AFTER_MS = 60_000;
/** The gateway sends a beat every 15 seconds. */
const SILENT_AFTER_MS = 40_000;
const MINUTE_MS = 60_000;
const CHANGES_SHOWN = 20;

const OVERVIEW = ["/overview", {}];
const ACCOUNTS = ["/accounts", {}];
const TOLD = [OVERVIEW, ACCOUNTS];

/** Whether the feed has told all there is, and tells each change of it. */
let isTelling = false;
const staleTime = (): number | "static" => (isTelling ? "static" : 0);

/**
 * While the feed tells them, the overview and the list of accounts are what it told, and are not asked for: an answer is a
 * moment of its own, and the feed never takes back a state that only an answer has seen.
 */
export function leaveToFeed(client: QueryClient): void {
  for (const key of TOLD) client.setQueryDefaults(key, { staleTime, gcTime: Number.POSITIVE_INFINITY });
}

/** Hears changes from the gateway while the page is visible, and puts them into what was read. */
export function useLiveFeed(): Feed {
  const client = useQueryClient();
  const [feed, setFeed] = useState<Feed>("closed");
  useEffect(() => {
    let source: EventSource | undefined;
    let timer: number | undefined;
    let silence: number | undefined;
    const close = (): void => {
      window.clearTimeout(timer);
      window.clearTimeout(silence);
      isTelling = false;
      source?.close();
      source = undefined;
      setFeed("closed");
    };
    const onHeard = (): void => {
      window.clearTimeout(silence);
      silence = window.setTimeout(open, SILENT_AFTER_MS);
    };
    const open = (): void => {
      close();
      if (document.hidden) return;
      source = new EventSource(adminUrl("/stream"));
      source.addEventListener("open", () => setFeed("open"));
      source.addEventListener("error", () => {
        const wasRefused = source?.readyState === EventSource.CLOSED;
        close();
        // It ends with the session, and cannot say so.
        void touchSession();
        timer = window.setTimeout(open, wasRefused ? REFUSED_AFTER_MS : REOPEN_AFTER_MS);
      });
      onHeard();
      listen(source, client, onHeard);
    };
    document.addEventListener("visibilitychange", open);
    open();
    return () => {
      document.removeEventListener("visibilitychange", open);
      close();
    };
  }, [client]);
  return feed;
}

function listen(source: EventSource, client: QueryClient, onHeard: () => void): void {
  const on = (name: string, take: (data: unknown) => void): void =>
    source.addEventListener(name, ({ data }: MessageEvent<string>) => {
      onHeard();
      take(JSON.parse(data));
    });
  on("beat", () => {});
  on("snapshot", (data) => takeSnapshot(client, data as Snapshot));
  on("accounts", (data) => takeAccounts(client, data as AccountChanges));
  on("queue", (data) => takeQueue(client, data as Partial<OverviewAnswer>));
  on("requests", (data) => takeRequests(client, data as FinishedRequests));
  on("event", (data) => takeEvents(client, (data as { readonly data: OverviewAnswer["changes"] }).data));
}

function changeOverview(client: QueryClient, change: (old: OverviewAnswer) => Partial<OverviewAnswer>): void {
  client.setQueryData<OverviewAnswer>(OVERVIEW, (old) => old && { ...old, ...change(old) });
}

function takeSnapshot(client: QueryClient, { overview, accounts }: Snapshot): void {
  isTelling = true;
  // What is under way may be older.
  for (const queryKey of TOLD) void client.cancelQueries({ queryKey, exact: true });
  client.setQueryData<OverviewAnswer>(OVERVIEW, overview);
  const list = { object: "list" as const, data: accounts, nextCursor: null, queue: overview.queue };
  client.setQueryData<AccountList>(ACCOUNTS, list);
}

/** A row that did not change stays the same object, so that nothing is drawn again for it. */
function changedRow(row: AccountRow, changes: Partial<AccountRow> | undefined): AccountRow {
  return changes ? { ...row, ...changes } : row;
}

function takeAccounts(client: QueryClient, { changed, removed }: AccountChanges): void {
  const byId = new Map(changed.map((row) => [row.id, row]));
  client.setQueryData<AccountList>(ACCOUNTS, (list) => {
    if (!list) return list;
    const known = new Set(list.data.map(({ id }) => id));
    const kept = list.data.filter(({ id }) => !removed.includes(id)).map((row) => changedRow(row, byId.get(row.id)));
    // Of a new account every field is told.
    const added = changed.filter(({ id }) => !known.has(id)) as AccountRow[];
    return { ...list, data: [...kept, ...added] };
  });
  for (const { id } of changed) void askAgain(client, { queryKey: [`/accounts/${encodeURIComponent(id)}`] });
}

function takeQueue(client: QueryClient, news: Partial<OverviewAnswer>): void {
  changeOverview(client, () => news);
  void askAgain(client, { queryKey: ["/queue"] });
  const { queue } = news;
  if (queue) client.setQueryData<AccountList>(ACCOUNTS, (list) => list && { ...list, queue });
}

/** Counts them into the minutes, of which the newest may be missing. */
function takeRequests(client: QueryClient, { data }: FinishedRequests): void {
  changeOverview(client, ({ minutes }) => {
    const counted = new Map(minutes.map((minute) => [minute.at, minute]));
    for (const { at, code } of data) {
      const minute = at - (at % MINUTE_MS);
      const { requests, failed } = counted.get(minute) ?? { requests: 0, failed: 0 };
      counted.set(minute, { at: minute, requests: requests + 1, failed: failed + (code === null ? 0 : 1) });
    }
    return { minutes: [...counted.values()].toSorted((one, other) => one.at - other.at).slice(-60) };
  });
  client.setQueryData<number>(["requests", "new"], (count = 0) => count + data.length);
}

function takeEvents(client: QueryClient, events: OverviewAnswer["changes"]): void {
  changeOverview(client, ({ changes }) => ({ changes: [...events, ...changes].slice(0, CHANGES_SHOWN) }));
  void askAgain(client, { queryKey: ["/events", "pages"] });
}
