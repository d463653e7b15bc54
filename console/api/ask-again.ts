import type { QueryClient, QueryFilters } from "@tanstack/react-query";

/**
 * Asks again for what has changed. An answer that is under way may be older than the change. It is awaited, not cut short, so
 * that one change after another does not keep every answer away; then it is asked for once more. Never rejects.
 */
export async function askAgain(client: QueryClient, changed: QueryFilters): Promise<void> {
  const isUnderWay = client.isFetching(changed) > 0;
  await client.invalidateQueries(changed, { cancelRefetch: false });
  if (isUnderWay) await client.invalidateQueries(changed, { cancelRefetch: false });
}

/** Whatever was read of accounts. */
export const OF_ACCOUNTS: QueryFilters = { predicate: ({ queryKey }) => String(queryKey[0]).startsWith("/accounts") };
