import type { UsagePosition, UsageQuery, UsageRow } from "../store/usage-records.ts";
import type { RecordReader } from "./records.ts";

/** What is read at once: nobody waits long for the database meanwhile. */
const PAGE_ROWS = 10_000;

type Sums = { -readonly [Name in keyof UsageRow]: UsageRow[Name] };

const SUMMED = [
  "requests",
  "failed",
  "promptTokens",
  "completionTokens",
  "reasoningTokens",
  "queueMs",
  "durationMs",
  "firstTokenMs",
  "firstTokens",
] as const satisfies readonly (keyof UsageRow)[];

/** Every row of the query, page by page, the earliest first. @throws StoreError */
export async function* usagePages(
  usage: RecordReader["usage"],
  query: UsageQuery,
): AsyncGenerator<readonly UsageRow[], void, undefined> {
  let after: UsagePosition | undefined;
  do {
    const { rows, next } = await usage.page(query, PAGE_ROWS, after);
    yield rows;
    after = next;
  } while (after);
}

/** One row for all of the time of each key, account and model that are told apart; most requests first. @throws StoreError */
export async function usageTotals(usage: RecordReader["usage"], query: UsageQuery): Promise<readonly UsageRow[]> {
  const totals = new Map<string, Sums>();
  for await (const rows of usagePages(usage, query)) {
    for (const row of rows) {
      const place = JSON.stringify([row.keyId, row.account, row.model]);
      const total = totals.get(place);
      if (total) addTo(total, row);
      else totals.set(place, { ...row, at: query.from });
    }
  }
  return [...totals.values()].toSorted((one, other) => other.requests - one.requests);
}

function addTo(total: Sums, row: UsageRow): void {
  for (const name of SUMMED) total[name] += row[name];
}
