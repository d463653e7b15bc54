import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { adminUrl } from "./client.ts";
import type { AccountList, AccountRow } from "./contract.ts";

type Feed = "open" | "closed";

/** A feed that broke is opened again after so long; a gateway without one is not asked again and again. */
const REOPEN_AFTER_MS = 5_000;

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
        timer = window.setTimeout(open, wasRefused ? REOPEN_AFTER_MS * 12 : REOPEN_AFTER_MS);
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
  on("snapshot", (snapshot) => client.setQueryData(["/overview", {}], snapshot));
  on("accounts", (rows) => putAccounts(client, rows as readonly AccountRow[]));
  on("event", () => void client.invalidateQueries({ queryKey: ["/events"] }));
}

function putAccounts(client: QueryClient, rows: readonly AccountRow[]): void {
  const byId = new Map(rows.map((row) => [row.id, row]));
  client.setQueryData<AccountList>(
    ["/accounts", {}],
    (list) => list && { ...list, data: list.data.map((row) => byId.get(row.id) ?? row) },
  );
}
