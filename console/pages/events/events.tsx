import { Badge, Button, NativeSelect } from "@mantine/core";
import { useState } from "react";
import { useSearchParams } from "wouter";
import type { EventRow } from "../../api/contract.ts";
import { usePages } from "../../api/reading.ts";
import { useTexts } from "../../texts/language.tsx";
import { Copyable } from "../../widgets/copyable.tsx";
import { Empty, Loaded } from "../../widgets/loaded.tsx";
import { Moment } from "../../widgets/moment.tsx";
import { More } from "../../widgets/more.tsx";
import { PageHead, Panel } from "../../widgets/panel.tsx";
import { DataTable } from "../../widgets/table.tsx";

const KINDS = ["state", "alert", "audit"] as const;

/** What happened: accounts' states, notices, and what operators changed. */
export function Events() {
  const { t } = useTexts();
  const [search] = useSearchParams();
  const [kind, setKind] = useState("");
  const pages = usePages<EventRow>("/events", { kind, account: search.get("account") ?? undefined });
  return (
    <>
      <PageHead title={t("Events")}>
        <NativeSelect
          size="xs"
          aria-label={t("Kind")}
          value={kind}
          onChange={({ currentTarget }) => setKind(currentTarget.value)}
          data={[{ value: "", label: t("any") }, ...KINDS.map((value) => ({ value, label: t(value) }))]}
        />
      </PageHead>
      <Panel>
        <Loaded reading={pages} lines={8}>
          {({ pages: read }) => {
            const rows = read.flatMap(({ data }) => data);
            if (rows.length === 0) return <Empty title={t("Nothing yet")} />;
            return (
              <DataTable label={t("Events")} head={[t("When"), t("Kind"), t("What"), t("Who"), ""]}>
                {rows.map((row) => (
                  <Row key={row.id} row={row} />
                ))}
              </DataTable>
            );
          }}
        </Loaded>
        <More pages={pages} />
      </Panel>
    </>
  );
}

function Row({ row: { at, kind, summary, actor, before, after } }: { readonly row: EventRow }) {
  const { t, told } = useTexts();
  const [isOpen, setIsOpen] = useState(false);
  const known = KINDS.find((one) => one === kind);
  const hasMore = (before ?? after ?? null) !== null;
  return (
    <>
      <tr>
        <td>
          <Moment at={at} />
        </td>
        <td>
          <Badge variant="light" color={kind === "alert" ? "red" : "gray"}>
            {known ? t(known) : kind}
          </Badge>
        </td>
        <td>{told(summary)}</td>
        <td>{actor === null ? "–" : told(actor)}</td>
        <td>
          {hasMore && (
            <Button size="compact-xs" variant="subtle" aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
              {t("Details")}
            </Button>
          )}
        </td>
      </tr>
      {isOpen && (
        <tr>
          <td colSpan={5}>
            <Copyable label={t("Details")} text={JSON.stringify({ before, after }, null, 2)} />
          </td>
        </tr>
      )}
    </>
  );
}
