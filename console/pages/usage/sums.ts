import type { UsageRow } from "../../api/contract.ts";
import type { Text } from "../../texts/language.tsx";

export type Group = "key" | "account" | "model";

export const GROUPS: readonly (readonly [name: Group, label: Text])[] = [
  ["key", "Key"],
  ["account", "Account"],
  ["model", "Model"],
];

export interface Total {
  readonly names: readonly string[];
  readonly requests: number;
  readonly failed: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Means; undefined where nothing was measured. */
  readonly queueMs: number | undefined;
  readonly firstTokenMs: number | undefined;
}

/** The rows of one key, account and model added up over time, most requests first. */
export function totalsOf(rows: readonly UsageRow[], groups: readonly Group[]): readonly Total[] {
  const alike = Map.groupBy(rows, (row) => JSON.stringify(groups.map((name) => row[name])));
  return [...alike.values()]
    .map((some) => totalOf(some, groups))
    .toSorted((one, other) => other.requests - one.requests);
}

function totalOf(rows: readonly UsageRow[], groups: readonly Group[]): Total {
  const sum = (of: (row: UsageRow) => number): number => rows.reduce((so, row) => so + of(row), 0);
  const requests = sum((row) => row.requests);
  const firstTokens = sum((row) => row.firstTokens);
  return {
    names: groups.map((name) => rows[0]?.[name] ?? "–"),
    requests,
    failed: sum((row) => row.failed),
    promptTokens: sum((row) => row.promptTokens),
    completionTokens: sum((row) => row.completionTokens),
    queueMs: requests === 0 ? undefined : sum((row) => row.queueMs) / requests,
    firstTokenMs: firstTokens === 0 ? undefined : sum((row) => row.firstTokenMs) / firstTokens,
  };
}

/** Requests over time. Buckets without requests are zeros, not gaps. */
export function bucketsOf(
  rows: readonly UsageRow[],
  { from, to, stepMs }: { readonly from: number; readonly to: number; readonly stepMs: number },
) {
  const first = Math.floor(from / stepMs) * stepMs;
  const at = Array.from({ length: Math.ceil((to - first) / stepMs) }, (_, index) => first + index * stepMs);
  const good = at.map(() => 0);
  const bad = at.map(() => 0);
  for (const row of rows) {
    const index = Math.floor((row.at - first) / stepMs);
    if (index < 0 || index >= at.length) continue;
    good[index] = (good[index] ?? 0) + row.requests - row.failed;
    bad[index] = (bad[index] ?? 0) + row.failed;
  }
  return { at, good, bad };
}
