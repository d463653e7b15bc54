import { SegmentedControl, Skeleton } from "@mantine/core";
import { lazy, Suspense, useState } from "react";
import type { UsageRow } from "../../api/contract.ts";
import { useRead } from "../../api/reading.ts";
import { useTexts, type Text } from "../../texts/language.tsx";
import { Empty, Loaded } from "../../widgets/loaded.tsx";
import { useNow } from "../../widgets/moment.tsx";
import { Panel } from "../../widgets/panel.tsx";

const Chart = lazy(async () => ({ default: (await import("../../widgets/chart.tsx")).Chart }));

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const SPANS = {
  hour: { label: "Last hour", by: "minute", stepMs: MINUTE_MS, steps: 60 },
  day: { label: "Last day", by: "hour", stepMs: HOUR_MS, steps: 24 },
} as const satisfies Record<string, { label: Text; by: string; stepMs: number; steps: number }>;

/** Requests and failures over the last hour or day. */
export function Traffic() {
  const { t } = useTexts();
  const [span, setSpan] = useState<keyof typeof SPANS>("hour");
  const { by, stepMs, steps } = SPANS[span];
  // The present in whole steps, so that the same question is not asked each second.
  const to = Math.floor(useNow() / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
  const from = Math.floor((to - steps * stepMs) / stepMs) * stepMs;
  const usage = useRead<{ readonly data: readonly UsageRow[] }>("/usage", { by, from, to });
  return (
    <Panel
      title={t("Requests")}
      actions={
        <SegmentedControl
          size="xs"
          aria-label={t("Time span")}
          value={span}
          onChange={(value) => setSpan(value as keyof typeof SPANS)}
          data={Object.entries(SPANS).map(([value, { label }]) => ({ value, label: t(label) }))}
        />
      }
    >
      <Loaded reading={usage} lines={6}>
        {({ data }) =>
          data.every(({ requests }) => requests === 0) ? (
            <Empty title={t("No requests in this time")} />
          ) : (
            <Suspense fallback={<Skeleton height={220} />}>
              <Chart label={t("Requests")} {...seriesOf(data, { from, to, stepMs }, t("Answered"), t("Failed"))} />
            </Suspense>
          )
        }
      </Loaded>
    </Panel>
  );
}

interface Steps {
  readonly from: number;
  readonly to: number;
  readonly stepMs: number;
}

/** Buckets without requests are zeros, not gaps. */
function seriesOf(rows: readonly UsageRow[], { from, to, stepMs }: Steps, answered: string, failed: string) {
  const at: number[] = [];
  for (let time = from; time < to; time += stepMs) at.push(time);
  const sums = new Map(at.map((time) => [time, { good: 0, bad: 0 }]));
  for (const row of rows) {
    const sum = sums.get(Math.floor(row.at / stepMs) * stepMs);
    if (!sum) continue;
    sum.good += row.requests - row.failed;
    sum.bad += row.failed;
  }
  const values = at.map((time) => sums.get(time) ?? { good: 0, bad: 0 });
  return {
    at,
    series: [
      { label: answered, colour: "good" as const, values: values.map(({ good }) => good) },
      { label: failed, colour: "bad" as const, values: values.map(({ bad }) => bad) },
    ],
  };
}
