import { Badge, Stack, Text } from "@mantine/core";
import { useState } from "react";
import type { SettingList, SettingRow } from "../../api/contract.ts";
import { useRead } from "../../api/reading.ts";
import { useTexts, type Text as TextId } from "../../texts/language.tsx";
import { useMeanings } from "../../texts/meanings.ts";
import { Empty, Loaded } from "../../widgets/loaded.tsx";
import { PageHead, Panel } from "../../widgets/panel.tsx";
import { SearchField } from "../../widgets/search-field.tsx";
import { DataTable } from "../../widgets/table.tsx";
import { AlertTest } from "./alert-test.tsx";
import { WithCode } from "../../widgets/with-code.tsx";

const SOURCES: Readonly<Record<SettingRow["source"], TextId | ".env">> = {
  default: "default",
  env: "environment",
  "env-file": ".env",
  "secret-file": "file of the secret",
  generated: "generated, in STATE_DIR",
};

/** The settings in force, and where each comes from. Secrets are not shown. */
export function Settings() {
  const { t } = useTexts();
  const settings = useRead<SettingList>("/settings");
  const [search, setSearch] = useState("");
  const holds = ({ name, doc }: SettingRow): boolean => `${name} ${doc}`.toLowerCase().includes(search.toLowerCase());
  return (
    <>
      <PageHead title={t("Settings")}>
        <SearchField value={search} onChange={setSearch} />
      </PageHead>
      <Stack>
        <Text size="sm" c="dimmed">
          {t("These are in force since the start. Change them in the environment or in .env, then restart.")}
        </Text>
        {settings.data?.replica !== undefined && (
          <Text size="sm" c="dimmed">
            {t("These are the settings of replica {name}; others may have their own.", { name: settings.data.replica })}
          </Text>
        )}
        <AlertTest />
        <Panel>
          <Loaded reading={settings} lines={10}>
            {({ data }) => {
              const rows = data.filter(holds);
              if (rows.length === 0) return <Empty title={t("No such setting")} />;
              return (
                <DataTable label={t("Settings")} head={[t("Name"), t("Value"), t("Source"), t("Meaning")]}>
                  {rows.map((row) => (
                    <Row key={row.name} row={row} />
                  ))}
                </DataTable>
              );
            }}
          </Loaded>
        </Panel>
      </Stack>
    </>
  );
}

function Row({ row: { name, value, isSecret, source, unit, doc } }: { readonly row: SettingRow }) {
  const { t } = useTexts();
  const { settings, units } = useMeanings();
  const from = SOURCES[source];
  const shown = isSecret && value !== null ? t("set, not shown") : value;
  return (
    <tr>
      <td>
        <code>{name}</code>
      </td>
      <td>
        {shown ?? "–"} {shown !== null && !isSecret && (units[unit] ?? unit)}
      </td>
      <td>
        <Badge variant="light" color={source === "default" ? "gray" : "indigo"}>
          {from === ".env" ? from : t(from)}
        </Badge>
      </td>
      <td>
        <Text size="xs" c="dimmed">
          <WithCode text={settings[name] ?? doc} />
        </Text>
      </td>
    </tr>
  );
}
