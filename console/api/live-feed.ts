import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
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
const MINUTE_MS = 60_000;
const CHANGES_SHOWN = 20;

/** Hears changes from the gateway while the page is visible, and puts them into what was read. */
export function useLiveFeed(): Feed {
  const client = useQueryClient();
  const [feed, setFeed] = useState<Feed>("closed");
  useEffect(() => {
    let source: EventSource | undefined;
    let timer: number | undefined;
    const close = (): void => {
      window.clearTimeout(timer);
      source?.close();
      source = undefined;
      setFeed("closed");
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
      listen(source, client);
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

function listen(source: EventSource, client: QueryClient): void {
  const on = (name: string, take: (data: unknown) => void): void =>
    source.addEventListener(name, ({ data }: MessageEvent<string>) => take(JSON.parse(data)));
  on("snapshot", (data) => takeSnapshot(client, data as Snapshot));
  on("accounts", (data) => takeAccounts(client, data as AccountChanges));
  on("queue", (data) => takeQueue(client, data as Partial<OverviewAnswer>));
  on("requests", (data) => takeRequests(client, data as FinishedRequests));
  on("event", (data) => takeEvents(client, (data as { readonly data: OverviewAnswer["changes"] }).data));
}

const OVERVIEW = ["/overview", {}];
const ACCOUNTS = ["/accounts", {}];

/** An answer that is under way may be older than what was just told, and would undo it: it is asked for again. */
function askAgain(client: QueryClient, queryKey: readonly unknown[]): void {
  if (client.isFetching({ queryKey, exact: true }) > 0) void client.invalidateQueries({ queryKey, exact: true });
}

function changeOverview(client: QueryClient, change: (old: OverviewAnswer) => Partial<OverviewAnswer>): void {
  client.setQueryData<OverviewAnswer>(OVERVIEW, (old) => old && { ...old, ...change(old) });
  askAgain(client, OVERVIEW);
}

function takeSnapshot(client: QueryClient, { overview, accounts }: Snapshot): void {
  client.setQueryData<OverviewAnswer>(OVERVIEW, overview);
  const list = { object: "list" as const, data: accounts, nextCursor: null, queue: overview.queue };
  client.setQueryData<AccountList>(ACCOUNTS, list);
  askAgain(client, OVERVIEW);
  askAgain(client, ACCOUNTS);
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
  askAgain(client, ACCOUNTS);
  for (const { id } of changed) void client.invalidateQueries({ queryKey: [`/accounts/${encodeURIComponent(id)}`] });
}

function takeQueue(client: QueryClient, news: Partial<OverviewAnswer>): void {
  changeOverview(client, () => news);
  void client.invalidateQueries({ queryKey: ["/queue"] });
  const { queue } = news;
  if (queue) client.setQueryData<AccountList>(ACCOUNTS, (list) => list && { ...list, queue });
  if (queue) askAgain(client, ACCOUNTS);
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
  void client.invalidateQueries({ queryKey: ["/events", "pages"] });
}
