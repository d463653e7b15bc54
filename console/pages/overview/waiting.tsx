import { Text } from "@mantine/core";
import type { QueueDetail } from "../../api/contract.ts";
import { useRead } from "../../api/reading.ts";
import { useTexts } from "../../texts/language.tsx";
import { Loaded } from "../../widgets/loaded.tsx";
import { duration } from "../../widgets/moment.tsx";
import { Name } from "../../widgets/name.tsx";
import { PartOf } from "../../widgets/part-of.tsx";
import { Panel } from "../../widgets/panel.tsx";
import { DataTable } from "../../widgets/table.tsx";

const SOON_MS = 1_000;

/** The requests that wait for an account: whose, how long they have waited, and how long they will. */
export function Waiting() {
  const { t } = useTexts();
  const queue = useRead<QueueDetail>("/queue");
  const estimate = (waitMs: number | null): string => {
    if (waitMs === null) return t("not known");
    // Answers differ more than such an estimate is right.
    return waitMs < SOON_MS ? t("any moment") : duration(waitMs);
  };
  return (
    <Panel title={t("Who waits")}>
      <Loaded reading={queue}>
        {({ waiting, length, limit }) => (
          <>
            <Text size="sm" c="dimmed" mb="xs">
              {t("{count} of {limit} that may wait", { count: length, limit })}
            </Text>
            <PartOf rows={waiting}>
              {(shown) => (
                <DataTable
                  label={t("Who waits")}
                  head={["", t("Key"), t("has waited"), t("will wait"), t("gives up in"), t("Request")]}
                >
                  {shown.map((row) => (
                    <tr key={row.requestId ?? row.position}>
                      <td>{row.position}</td>
                      <td>
                        <Name>{row.key ?? "–"}</Name>{" "}
                        {row.isBackground && <Text size="xs">{t("in the background")}</Text>}
                      </td>
                      <td>{duration(row.waitedMs)}</td>
                      <td>{estimate(row.estimatedWaitMs)}</td>
                      <td>{duration(row.leftMs)}</td>
                      <td>
                        <code>{row.requestId ?? "–"}</code>
                      </td>
                    </tr>
                  ))}
                </DataTable>
              )}
            </PartOf>
            {length > waiting.length && (
              <Text size="sm">{t("{count} more wait behind them.", { count: length - waiting.length })}</Text>
            )}
          </>
        )}
      </Loaded>
    </Panel>
  );
}
