import { Button, Group, Stack } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useSearchParams } from "wouter";
import type { RequestRow } from "../../api/contract.ts";
import { usePages } from "../../api/reading.ts";
import { useTexts } from "../../texts/language.tsx";
import { Empty, Loaded } from "../../widgets/loaded.tsx";
import { duration, Moment } from "../../widgets/moment.tsx";
import { More } from "../../widgets/more.tsx";
import { Name } from "../../widgets/name.tsx";
import { PageHead, Panel } from "../../widgets/panel.tsx";
import { DataTable } from "../../widgets/table.tsx";
import { ErrorCode } from "./error-code.tsx";
import { Filters, type RequestFilters } from "./filters.tsx";
import { BarLegend, RequestBar } from "./request-bar.tsx";

const PAUSE_MS = 300;

/** The requests, newest first, each with a bar that says where its time went. */
export function RequestsList() {
  const { t } = useTexts();
  const [search, setSearch] = useSearchParams();
  const [filters, setFilters] = useState<RequestFilters>(Object.fromEntries(search));
  const [settled] = useDebouncedValue(filters, PAUSE_MS);
  const pages = usePages<RequestRow>("/requests", { ...settled });
  const change = (next: RequestFilters): void => {
    setFilters(next);
    setSearch(
      Object.entries(next).filter(([, value]) => value !== ""),
      { replace: true },
    );
  };
  return (
    <>
      <PageHead title={t("Requests")}>
        <NewRequests onShow={() => void pages.refetch()} />
      </PageHead>
      <Stack>
        <Filters value={filters} onChange={change} />
        <Panel>
          <Loaded reading={pages} lines={8}>
            {({ pages: read }) => {
              const rows = read.flatMap(({ data }) => data);
              return rows.length === 0 ? <Empty title={t("No such requests")} /> : <Table rows={rows} />;
            }}
          </Loaded>
          <More pages={pages} />
        </Panel>
      </Stack>
    </>
  );
}

/** How many requests ended since the list was read, if the page hears them. */
function NewRequests({ onShow }: { readonly onShow: () => void }) {
  const { t } = useTexts();
  const client = useQueryClient();
  const key = ["requests", "new"];
  const { data: count = 0 } = useQuery({ queryKey: key, queryFn: () => 0, staleTime: Number.POSITIVE_INFINITY });
  return (
    <Button
      size="xs"
      variant="default"
      onClick={() => {
        client.setQueryData(key, 0);
        onShow();
      }}
    >
      {count > 0 ? t("Show {count} new", { count }) : t("Read again")}
    </Button>
  );
}

function Table({ rows }: { readonly rows: readonly RequestRow[] }) {
  const { t } = useTexts();
  const longestMs = Math.max(...rows.map(({ durationMs }) => durationMs));
  return (
    <>
      <Group justify="flex-end" mb="xs">
        <BarLegend />
      </Group>
      <DataTable
        label={t("Requests")}
        head={[
          t("When"),
          t("Key"),
          t("Account"),
          t("Model"),
          t("Result"),
          t("Time"),
          t("Where it went"),
          t("Attempts"),
        ]}
      >
        {rows.map((row) => (
          <tr key={row.id}>
            <td>
              <Link href={`/requests/${encodeURIComponent(row.id)}`}>
                <Moment at={row.at} />
              </Link>
            </td>
            <td>
              <Name>{row.key}</Name>
            </td>
            <td>
              <Name>{row.account ?? "–"}</Name>
            </td>
            <td>{row.model ?? row.route}</td>
            <td>
              <ErrorCode row={row} />
            </td>
            <td>{duration(row.durationMs)}</td>
            <td>
              <RequestBar row={row} longestMs={longestMs} />
            </td>
            <td>{row.attempts ?? "–"}</td>
          </tr>
        ))}
      </DataTable>
    </>
  );
}
