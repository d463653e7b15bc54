import { Alert, Stack, Text } from "@mantine/core";
import { Link } from "wouter";
import type { RequestDetail } from "../../api/contract.ts";
import { useRead } from "../../api/reading.ts";
import { useTexts } from "../../texts/language.tsx";
import { useMeanings } from "../../texts/meanings.ts";
import { Copyable } from "../../widgets/copyable.tsx";
import { Facts } from "../../widgets/facts.tsx";
import { Loaded } from "../../widgets/loaded.tsx";
import { duration, exactTime } from "../../widgets/moment.tsx";
import { PageHead, Panel } from "../../widgets/panel.tsx";
import { WithCode } from "../../widgets/with-code.tsx";
import { Bundle } from "./bundle.tsx";
import { phasesOf } from "./phases.ts";
import { BarLegend, RequestBar } from "./request-bar.tsx";

/** One request: where its time went, and why it failed if it did. */
export function RequestPage({ id }: { readonly id: string }) {
  const { t } = useTexts();
  const request = useRead<RequestDetail>(`/requests/${encodeURIComponent(id)}`);
  return (
    <>
      <PageHead title={id}>
        <Link href="/requests">{t("All requests")}</Link>
      </PageHead>
      <Loaded reading={request} lines={8}>
        {(row) => (
          <Stack>
            {row.code !== null && <Meaning code={row.code} />}
            <Times row={row} />
            <Texts row={row} />
            {row.code !== null && <Bundle id={id} />}
          </Stack>
        )}
      </Loaded>
    </>
  );
}

function Meaning({ code }: { readonly code: string }) {
  const { errors } = useMeanings();
  return (
    <Alert color="red" variant="light" title={code}>
      <Text size="sm">
        <WithCode text={errors[code] ?? ""} />
      </Text>
    </Alert>
  );
}

function Times({ row }: { readonly row: RequestDetail }) {
  const { t, language } = useTexts();
  const account =
    row.account === null ? "–" : <Link href={`/accounts/${encodeURIComponent(row.account)}`}>{row.account}</Link>;
  return (
    <Panel title={t("Where it went")} actions={<BarLegend />}>
      <Stack>
        <RequestBar row={row} longestMs={row.durationMs} />
        <Facts facts={phasesOf(row).map(({ label, ms }) => [t(label), duration(ms)])} />
        <Facts
          facts={[
            [t("When"), exactTime(row.at, language)],
            [t("Route"), `${row.method} ${row.route}`],
            [t("Status"), row.status],
            [t("Key"), row.key],
            [t("Account"), account],
            [t("Model"), row.model ?? "–"],
            [t("Attempts"), row.attempts ?? "–"],
            [t("Time"), duration(row.durationMs)],
            [t("First text"), row.firstTokenMs === null ? "–" : duration(row.firstTokenMs)],
            [t("Tokens of the prompt"), row.promptTokens ?? "–"],
            [t("Tokens of the answer"), row.completionTokens ?? "–"],
          ]}
        />
      </Stack>
    </Panel>
  );
}

/** Kept only if the operator set LOG_PROMPTS. */
function Texts({ row: { prompt, answer } }: { readonly row: RequestDetail }) {
  const { t } = useTexts();
  return (
    <>
      {prompt !== null && (
        <Panel title={t("Prompt")}>
          <Copyable text={prompt} label={t("Prompt")} />
        </Panel>
      )}
      {answer !== null && (
        <Panel title={t("Answer")}>
          <Copyable text={answer} label={t("Answer")} />
        </Panel>
      )}
    </>
  );
}
