import { Badge, Text } from "@mantine/core";
import type { OverviewAnswer } from "../../api/contract.ts";
import { useRead } from "../../api/reading.ts";
import { useTexts, type Text as TextId } from "../../texts/language.tsx";
import { duration, wholeNumber } from "../../widgets/moment.tsx";
import { Panel } from "../../widgets/panel.tsx";
import { DataTable } from "../../widgets/table.tsx";

type Replica = NonNullable<OverviewAnswer["replicas"]>[number];

interface Look {
  readonly label: TextId;
  readonly colour: string;
}

const LOOKS: Readonly<Record<Replica["state"], Look>> = {
  serving: { label: "Serving", colour: "green" },
  draining: { label: "Draining", colour: "gray" },
  fenced: { label: "Cut off from the database", colour: "red" },
  silent: { label: "Does not answer", colour: "red" },
  incompatible: { label: "Another version", colour: "yellow" },
};

/** The gateways that share a database, and how each does. Nothing where there is one gateway only. */
export function Replicas() {
  const { t } = useTexts();
  const { data } = useRead<OverviewAnswer>("/overview");
  if (!data?.replicas) return null;
  return (
    <Panel title={t("Replicas")}>
      <DataTable
        label={t("Replicas")}
        head={[t("Replica"), t("State"), t("Accounts"), t("open pages"), t("waiting"), t("Heartbeat"), t("Version")]}
      >
        {data.replicas.map((replica) => (
          <Row key={replica.id} replica={replica} />
        ))}
      </DataTable>
    </Panel>
  );
}

function Row({ replica }: { readonly replica: Replica }) {
  const { t, language } = useTexts();
  const { id, version, state, isAsked, accounts, openPages, maxOpenPages, waiting, heartbeatAgeMs } = replica;
  const { label, colour } = LOOKS[state];
  const figure = (value: number | null): string => (value === null ? "–" : wholeNumber(value, language));
  return (
    <tr>
      <td>
        {id}
        {isAsked && (
          <Text size="xs" c="dimmed">
            {t("shows you this")}
          </Text>
        )}
      </td>
      <td>
        <Badge color={colour} variant="light" title={state}>
          {t(label)}
        </Badge>
      </td>
      <td>{figure(accounts)}</td>
      <td>{openPages === null ? "–" : `${openPages} / ${maxOpenPages}`}</td>
      <td>{figure(waiting)}</td>
      <td>{heartbeatAgeMs === null ? "–" : t("{age} ago", { age: duration(heartbeatAgeMs) })}</td>
      <td>{version}</td>
    </tr>
  );
}
