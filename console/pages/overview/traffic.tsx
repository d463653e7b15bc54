import { SegmentedControl, Skeleton } from "@mantine/core";
import { Suspense, useMemo, useState } from "react";
import type { Minute, OverviewAnswer, UsageRow } from "../../api/contract.ts";
import { useRead } from "../../api/reading.ts";
import { loadedLater } from "../../shell/loading.ts";
import { useTexts, type Text } from "../../texts/language.tsx";
import { Empty, Loaded } from "../../widgets/loaded.tsx";
import { useNow } from "../../widgets/moment.tsx";
import { Panel } from "../../widgets/panel.tsx";

const Chart = loadedLater(async () => (await import("../../widgets/chart.tsx")).Chart);

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const SPANS = {
  hour: { label: "Last hour", stepMs: MINUTE_MS, steps: 60 },
  day: { label: "Last day", stepMs: HOUR_MS, steps: 24 },
} as const satisfies Record<string, { label: Text; stepMs: number; steps: number }>;
type Span = keyof typeof SPANS;

/** Requests and failures over the last hour or day. */
export function Traffic() {
  const { t } = useTexts();
  const [span, setSpan] = useState<Span>("hour");
  return (
    <Panel
      title={t("Requests")}
      actions={
        <SegmentedControl
          size="xs"
          aria-label={t("Time span")}
          value={span}
          onChange={setSpan}
          data={[
            { value: "hour", label: t(SPANS.hour.label) },
            { value: "day", label: t(SPANS.day.label) },
          ]}
        />
      }
    >
      {span === "hour" ? <Hour /> : <Day />}
    </Panel>
  );
}

function Hour() {
  const overview = useRead<OverviewAnswer>("/overview");
  return (
    <Loaded reading={overview} lines={6}>
      {({ minutes }) => <Bars span="hour" buckets={minutes} />}
    </Loaded>
  );
}

function Day() {
  // The present in whole hours, so that the same question is not asked each second.
  const to = Math.floor(useNow() / HOUR_MS) * HOUR_MS + HOUR_MS;
  const usage = useRead<{ readonly data: readonly UsageRow[] }>("/usage", { by: "hour", from: to - 24 * HOUR_MS, to });
  return (
    <Loaded reading={usage} lines={6}>
      {({ data }) => <Bars span="day" buckets={data} />}
    </Loaded>
  );
}

function Bars({ span, buckets }: { readonly span: Span; readonly buckets: readonly Minute[] }) {
  const { t } = useTexts();
  const { stepMs, steps } = SPANS[span];
  const to = Math.floor(useNow() / stepMs) * stepMs + stepMs;
  const [answered, failed] = [t("Answered"), t("Failed")];
  const drawn = useMemo(
    () => seriesOf(buckets, { to, stepMs, steps, answered, failed }),
    [buckets, to, stepMs, steps, answered, failed],
  );
  if (buckets.every(({ requests }) => requests === 0)) return <Empty title={t("No requests in this time")} />;
  return (
    <Suspense fallback={<Skeleton height={220} />}>
      <Chart label={t("Requests")} {...drawn} />
    </Suspense>
  );
}

interface Axis {
  readonly to: number;
  readonly stepMs: number;
  readonly steps: number;
  readonly answered: string;
  readonly failed: string;
}

/** Buckets without requests are zeros, not gaps. */
function seriesOf(buckets: readonly Minute[], { to, stepMs, steps, answered, failed }: Axis) {
  const at = Array.from({ length: steps }, (_, index) => to - (steps - index) * stepMs);
  const counted = new Map(buckets.map((bucket) => [Math.floor(bucket.at / stepMs) * stepMs, bucket]));
  const values = at.map((time) => counted.get(time) ?? { requests: 0, failed: 0 });
  return {
    at,
    series: [
      { label: answered, colour: "good" as const, values: values.map((one) => one.requests - one.failed) },
      { label: failed, colour: "bad" as const, values: values.map((one) => one.failed) },
    ],
  };
}
