import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { ApiError, call } from "./client.ts";
import type { Page } from "./contract.ts";

type Query = Readonly<Record<string, string | number | undefined>>;

/** Reads one route of the admin API, and keeps what it read while another page is open. */
export function useRead<T>(path: string, query: Query = {}, { isOn = true }: { readonly isOn?: boolean } = {}) {
  return useQuery({
    queryKey: [path, query],
    queryFn: ({ signal }) => call<T>("GET", path, { query, signal }),
    enabled: isOn,
    placeholderData: keepPreviousData,
  });
}

/** Reads a list page by page. */
export function usePages<T>(path: string, query: Query = {}) {
  return useInfiniteQuery({
    queryKey: [path, "pages", query],
    queryFn: ({ signal, pageParam }) =>
      call<Page<T>>("GET", path, { query: { ...query, cursor: pageParam ?? undefined }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    placeholderData: keepPreviousData,
  });
}

/** A refusal stays a refusal; only silence is asked again. */
export function isWorthRepeating(failures: number, error: Error): boolean {
  return failures < 2 && error instanceof ApiError && (error.status === 0 || error.status >= 502);
}
