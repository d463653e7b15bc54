import { Group, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { AccountRow, OverviewAnswer, Queue } from "../../api/contract.ts";
import { useRead } from "../../api/reading.ts";
import { useTexts } from "../../texts/language.tsx";
import { duration, wholeNumber } from "../../widgets/moment.tsx";
import { canAnswer } from "../../widgets/states.ts";
import classes from "./overview.module.css";

interface FiguresProps {
  readonly accounts: readonly AccountRow[];
  readonly queue: Queue;
}

/** Whether requests are answered now, and the few numbers that say how well. */
export function Figures({ accounts, queue }: FiguresProps) {
  const { t, told, language } = useTexts();
  const { data } = useRead<OverviewAnswer>("/overview");
  const traffic = data?.traffic;
  const waiting = data?.queue ?? queue;
  const answering = accounts.filter(({ state }) => canAnswer(state)).length;
  const isServing = data?.isServing ?? answering > 0;
  return (
    <section className={classes["figures"]} aria-label={t("Now")}>
      <div className={classes["figure"]}>
        <Group gap="xs" wrap="nowrap">
          <span className={isServing ? classes["serving"] : classes["notServing"]} aria-hidden="true" />
          <Text fw={700} size="lg">
            {isServing ? t("Serving") : t("Not serving")}
          </Text>
        </Group>
        <Text size="xs" c="dimmed">
          {data && data.reasons.length + data.warnings.length > 0
            ? [...data.reasons, ...data.warnings].map(told).join(" · ")
            : t("{answering} of {count} accounts can answer", { answering, count: accounts.length })}
        </Text>
      </div>
      <Figure label={t("waiting")} value={wholeNumber(waiting.length, language)}>
        {!waiting.estimatedWaitMs ? null : t("about {wait}", { wait: duration(waiting.estimatedWaitMs) })}
      </Figure>
      <Figure label={t("requests a minute")} value={traffic ? wholeNumber(traffic.requestsPerMinute, language) : "–"}>
        {traffic && traffic.failedPerMinute > 0 ? t("{count} failed", { count: traffic.failedPerMinute }) : null}
      </Figure>
      <Figure
        label={t("first token, median")}
        value={traffic && traffic.firstTokenMs !== null ? duration(traffic.firstTokenMs) : "–"}
      />
      <Figure label={t("open pages")} value={traffic ? `${traffic.openPages} / ${traffic.maxOpenPages}` : "–"} />
    </section>
  );
}

interface FigureProps {
  readonly label: string;
  readonly value: string;
  readonly children?: ReactNode;
}

function Figure({ label, value, children }: FigureProps) {
  return (
    <div className={classes["figure"]}>
      <Text fw={700} size="lg">
        {value}
      </Text>
      <Text size="xs" c="dimmed">
        {label}
        {children !== undefined && children !== null && <> · {children}</>}
      </Text>
    </div>
  );
}
