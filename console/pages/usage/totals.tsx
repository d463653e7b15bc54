import { useTexts } from "../../texts/language.tsx";
import { duration, wholeNumber } from "../../widgets/moment.tsx";
import { Name } from "../../widgets/name.tsx";
import { DataTable } from "../../widgets/table.tsx";
import { GROUPS, type Group, type Total } from "./sums.ts";

interface TotalsProps {
  readonly totals: readonly Total[];
  readonly groups: readonly Group[];
}

function mean(ms: number | undefined): string {
  return ms === undefined ? "–" : duration(ms);
}

/** One row for each key, account and model that was told apart. */
export function Totals({ totals, groups }: TotalsProps) {
  const { t, language } = useTexts();
  const labels = GROUPS.filter(([name]) => groups.includes(name)).map(([, label]) => t(label));
  const count = (value: number): string => wholeNumber(value, language);
  return (
    <DataTable
      label={t("In this time")}
      head={[
        ...labels,
        t("Requests"),
        t("Failed"),
        t("Tokens of the prompt"),
        t("Tokens of the answer"),
        t("Mean wait"),
        t("Mean first text"),
      ]}
    >
      {totals.map((total) => (
        <tr key={total.names.join("\0")}>
          {total.names.map((name, index) => (
            <td key={index}>
              <Name>{name}</Name>
            </td>
          ))}
          <td>{count(total.requests)}</td>
          <td>{count(total.failed)}</td>
          <td>{count(total.promptTokens)}</td>
          <td>{count(total.completionTokens)}</td>
          <td>{mean(total.queueMs)}</td>
          <td>{mean(total.firstTokenMs)}</td>
        </tr>
      ))}
    </DataTable>
  );
}
