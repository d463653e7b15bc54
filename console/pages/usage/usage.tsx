import { Button, Checkbox, Group, SegmentedControl, Skeleton, Stack } from "@mantine/core";
import { Suspense, useMemo, useState } from "react";
import { adminUrl } from "../../api/client.ts";
import type { Page, UsageRow } from "../../api/contract.ts";
import { usePages, useRead } from "../../api/reading.ts";
import { loadedLater } from "../../shell/loading.ts";
import { useTexts } from "../../texts/language.tsx";
import { Empty, Loaded } from "../../widgets/loaded.tsx";
import { useNow } from "../../widgets/moment.tsx";
import { More } from "../../widgets/more.tsx";
import { PageHead, Panel } from "../../widgets/panel.tsx";
import { bucketsOf, GROUPS, totalsOf, type Group as GroupName } from "./sums.ts";
import { Totals } from "./totals.tsx";

const Chart = loadedLater(async () => (await import("../../widgets/chart.tsx")).Chart);

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SPANS = { "24h": DAY_MS, "7d": 7 * DAY_MS, "30d": 30 * DAY_MS, "90d": 90 * DAY_MS } as const;
type Span = keyof typeof SPANS;
/** More rows than this are summed by day. */
const HOURS_UP_TO_MS = 7 * DAY_MS;
/** More than the buckets of the longest span. */
const MOST_BUCKETS = 1_000;
const TOTALS_A_PAGE = 200;

/** Who used what: by key, account and model, over hours or days. */
export function Usage() {
  const { t } = useTexts();
  const [span, setSpan] = useState<Span>("24h");
  const [groups, setGroups] = useState<readonly GroupName[]>(["key"]);
  const by = SPANS[span] <= HOURS_UP_TO_MS ? "hour" : "day";
  const stepMs = by === "hour" ? HOUR_MS : DAY_MS;
  const to = Math.floor(useNow() / HOUR_MS) * HOUR_MS + HOUR_MS;
  const query = { by, from: to - SPANS[span], to };
  const group = groups.join(",");
  // The course is of all together and the totals are of all the time: neither grows with the rows that they are made of.
  const course = useRead<Page<UsageRow>>("/usage", { ...query, limit: MOST_BUCKETS });
  const totals = usePages<UsageRow>("/usage", { ...query, group, whole: "true", limit: TOTALS_A_PAGE });
  const toggle = (name: GroupName, isOn: boolean): void =>
    setGroups(GROUPS.map(([one]) => one).filter((one) => (one === name ? isOn : groups.includes(one))));
  return (
    <>
      <PageHead title={t("Usage")}>
        <SegmentedControl
          size="xs"
          aria-label={t("Time span")}
          value={span}
          onChange={setSpan}
          data={Object.keys(SPANS) as Span[]}
        />
        <Button
          component="a"
          href={adminUrl("/usage", { ...query, group, format: "csv" })}
          download
          size="xs"
          variant="default"
        >
          CSV
        </Button>
      </PageHead>
      <Stack>
        <Group gap="md" role="group" aria-label={t("Told apart by")}>
          {GROUPS.map(([name, label]) => (
            <Checkbox
              key={name}
              label={t(label)}
              checked={groups.includes(name)}
              onChange={({ currentTarget }) => toggle(name, currentTarget.checked)}
            />
          ))}
        </Group>
        <Loaded reading={course} lines={8}>
          {({ data }) =>
            data.length === 0 ? (
              <Panel>
                <Empty title={t("No requests in this time")} />
              </Panel>
            ) : (
              <>
                <Panel title={t("Requests")}>
                  <Course rows={data} from={query.from} to={to} stepMs={stepMs} />
                </Panel>
                <Panel title={t("In this time")}>
                  <Loaded reading={totals} lines={8}>
                    {({ pages }) => (
                      <Totals
                        totals={totalsOf(
                          pages.flatMap((page) => page.data),
                          groups,
                        )}
                        groups={groups}
                      />
                    )}
                  </Loaded>
                  <More pages={totals} />
                </Panel>
              </>
            )
          }
        </Loaded>
      </Stack>
    </>
  );
}

interface CourseProps {
  readonly rows: readonly UsageRow[];
  readonly from: number;
  readonly to: number;
  readonly stepMs: number;
}

function Course({ rows, from, to, stepMs }: CourseProps) {
  const { t } = useTexts();
  const [answered, failed] = [t("Answered"), t("Failed")];
  const drawn = useMemo(() => {
    const { at, good, bad } = bucketsOf(rows, { from, to, stepMs });
    return {
      at,
      series: [
        { label: answered, colour: "good" as const, values: good },
        { label: failed, colour: "bad" as const, values: bad },
      ],
    };
  }, [rows, from, to, stepMs, answered, failed]);
  return (
    <Suspense fallback={<Skeleton height={220} />}>
      <Chart label={t("Requests")} {...drawn} />
    </Suspense>
  );
}
