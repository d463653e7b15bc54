import { Button, Group, Text } from "@mantine/core";
import { useState } from "react";
import type { KeyRow, NewKey } from "../../api/contract.ts";
import { usePages } from "../../api/reading.ts";
import { useTexts } from "../../texts/language.tsx";
import { Empty, Loaded } from "../../widgets/loaded.tsx";
import { Moment, useNow } from "../../widgets/moment.tsx";
import { More } from "../../widgets/more.tsx";
import { Name } from "../../widgets/name.tsx";
import { PageHead, Panel } from "../../widgets/panel.tsx";
import { DataTable } from "../../widgets/table.tsx";
import { KeyActions } from "./key-actions.tsx";
import { KeyForm } from "./key-form.tsx";
import { LimitsOf } from "./limits-of.tsx";
import { NewKeyShown } from "./new-key-shown.tsx";

/** The keys of callers: what each may use, what is left of it, and when it was used. */
export function Keys() {
  const { t } = useTexts();
  const keys = usePages<KeyRow>("/keys");
  const [isMaking, setIsMaking] = useState(false);
  const [made, setMade] = useState<NewKey>();
  return (
    <>
      <PageHead title={t("Keys")}>
        <Button size="xs" onClick={() => setIsMaking(true)}>
          {t("Make a key")}
        </Button>
      </PageHead>
      <Panel>
        <Loaded reading={keys} lines={5}>
          {({ pages }) => {
            const rows = pages.flatMap(({ data }) => data);
            return rows.length === 0 ? (
              <Empty title={t("Nothing yet")} />
            ) : (
              <DataTable
                label={t("Keys")}
                head={[
                  t("Name"),
                  t("Key"),
                  t("Limits and what is left"),
                  t("Models"),
                  t("Last used"),
                  t("Expires"),
                  "",
                ]}
              >
                {rows.map((row) => (
                  <Row key={row.id} row={row} onNewSecret={setMade} />
                ))}
              </DataTable>
            );
          }}
        </Loaded>
        <More pages={keys} />
      </Panel>
      {isMaking && <KeyForm onMade={setMade} onClose={() => setIsMaking(false)} />}
      {made && <NewKeyShown made={made} onClose={() => setMade(undefined)} />}
    </>
  );
}

function Row({ row, onNewSecret }: { readonly row: KeyRow; readonly onNewSecret: (made: NewKey) => void }) {
  const { t } = useTexts();
  const { name, prefix, source, models, lastUsedAt, expiresAt } = row;
  const now = useNow();
  const isOver = expiresAt !== null && expiresAt <= now;
  return (
    <tr>
      <td>
        <Name>{name}</Name>
      </td>
      <td>{prefix === null ? <Text size="xs">{t("From the settings")}</Text> : <code>{prefix}</code>}</td>
      <td>
        <LimitsOf row={row} />
      </td>
      <td>{models === null ? t("all") : models.join(", ")}</td>
      <td>
        <Moment at={lastUsedAt} />
      </td>
      <td>
        <Group gap={4} wrap="nowrap">
          <Moment at={expiresAt} />
          {isOver && <Text size="xs">({t("expired")})</Text>}
        </Group>
      </td>
      <td>{source === "console" && <KeyActions row={row} onNewSecret={onNewSecret} />}</td>
    </tr>
  );
}
