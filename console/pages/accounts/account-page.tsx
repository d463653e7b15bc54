import { Button, Group, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { Link } from "wouter";
import type { AccountDetail } from "../../api/contract.ts";
import { useRead } from "../../api/reading.ts";
import { useTexts } from "../../texts/language.tsx";
import { AnswerStrip } from "../../widgets/answer-strip.tsx";
import { Facts } from "../../widgets/facts.tsx";
import { Empty, Loaded } from "../../widgets/loaded.tsx";
import { Moment } from "../../widgets/moment.tsx";
import { PaceRing } from "../../widgets/pace-ring.tsx";
import { PageHead, Panel } from "../../widgets/panel.tsx";
import { StateBadge } from "../../widgets/state-badge.tsx";
import { DataTable } from "../../widgets/table.tsx";
import { AccountActions } from "./account-actions.tsx";
import { EditAccount } from "./edit-account.tsx";
import { ReplicaOf } from "./replica-of.tsx";
import { SourceOf } from "./source-of.tsx";

/** One account: how it is, what it was, what can be done. */
export function AccountPage({ id }: { readonly id: string }) {
  const { t } = useTexts();
  const account = useRead<AccountDetail>(`/accounts/${encodeURIComponent(id)}`);
  return (
    <>
      <PageHead title={id}>
        <Button component={Link} href={`/live/${encodeURIComponent(id)}`} size="xs" variant="default">
          {t("Live view")}
        </Button>
        <Button component={Link} href={`/requests?account=${encodeURIComponent(id)}`} size="xs" variant="default">
          {t("Its requests")}
        </Button>
      </PageHead>
      <Loaded reading={account} lines={8}>
        {(data) => (
          <Stack>
            <Now account={data} />
            <History account={data} />
          </Stack>
        )}
      </Loaded>
    </>
  );
}

function Now({ account }: { readonly account: AccountDetail }) {
  const { t, told } = useTexts();
  const [isEditing, setIsEditing] = useState(false);
  const { state, reason, since, nextTryAt, lastUsedAt, expiresAt, recent, pace, site, proxy, isEditable } = account;
  return (
    <Panel
      title={
        <Group gap="xs" component="span">
          <StateBadge state={state} />
          <Text size="sm" component="span">
            {told(reason)}
          </Text>
        </Group>
      }
      actions={
        <Group gap="xs">
          {isEditable && (
            <Button size="xs" variant="default" onClick={() => setIsEditing(true)}>
              {t("Change")}
            </Button>
          )}
          <AccountActions account={account} />
        </Group>
      }
    >
      <Stack>
        <AnswerStrip recent={recent} />
        <Facts
          facts={[
            [t("Since"), <Moment key="since" at={since} />],
            [t("Next try"), <Moment key="next" at={nextTryAt} />],
            [t("Last used"), <Moment key="used" at={lastUsedAt} />],
            [t("Expires"), <Moment key="expires" at={expiresAt} />],
            [t("Site"), site],
            [t("Proxy"), proxy ?? t("none")],
            [t("Source"), <SourceOf key="source" account={account} />],
            ...(account.replica === undefined
              ? []
              : [[t("Replica"), <ReplicaOf key="replica" account={account} />] as const]),
            [t("Rate limit"), pace ? <PaceRing key="pace" pace={pace} /> : t("No rate limit")],
          ]}
        />
      </Stack>
      {isEditing && <EditAccount account={account} onClose={() => setIsEditing(false)} />}
    </Panel>
  );
}

function History({ account: { history } }: { readonly account: AccountDetail }) {
  const { t, told } = useTexts();
  return (
    <Panel title={t("History")}>
      {history.length === 0 ? (
        <Empty title={t("Nothing yet")} />
      ) : (
        <DataTable label={t("History")} head={[t("When"), t("State"), t("Reason")]}>
          {history.map(({ at, after, reason }, index) => (
            <tr key={`${at}-${index}`}>
              <td>
                <Moment at={at} />
              </td>
              <td>
                <StateBadge state={after} />
              </td>
              <td>{told(reason)}</td>
            </tr>
          ))}
        </DataTable>
      )}
    </Panel>
  );
}
