import { Button } from "@mantine/core";
import { useState } from "react";
import { Link } from "wouter";
import type { AccountList, AccountRow } from "../../api/contract.ts";
import { useRead } from "../../api/reading.ts";
import { useTexts } from "../../texts/language.tsx";
import { AnswerStrip } from "../../widgets/answer-strip.tsx";
import { Empty, Loaded } from "../../widgets/loaded.tsx";
import { Moment } from "../../widgets/moment.tsx";
import { Name } from "../../widgets/name.tsx";
import { PartOf } from "../../widgets/part-of.tsx";
import { PageHead, Panel } from "../../widgets/panel.tsx";
import { SearchField } from "../../widgets/search-field.tsx";
import { StateBadge } from "../../widgets/state-badge.tsx";
import { DataTable } from "../../widgets/table.tsx";
import { AccountActions } from "./account-actions.tsx";
import classes from "./accounts.module.css";
import { ReplicaOf } from "./replica-of.tsx";
import { SourceOf } from "./source-of.tsx";

/** Every account, with its state and what can be done. */
export function AccountsList() {
  const { t, told } = useTexts();
  const accounts = useRead<AccountList>("/accounts");
  const [search, setSearch] = useState("");
  const holds = ({ id, state, reason, replica }: AccountRow): boolean =>
    `${id} ${state} ${reason} ${told(reason)} ${replica ?? ""}`.toLowerCase().includes(search.trim().toLowerCase());
  return (
    <>
      <PageHead title={t("Accounts")}>
        <SearchField value={search} onChange={setSearch} />
        <Button component={Link} href="/accounts/new" size="xs">
          {t("Add an account")}
        </Button>
      </PageHead>
      <Panel>
        <Loaded reading={accounts} lines={6}>
          {({ data }) =>
            data.length === 0 ? (
              <Empty
                title={t("No account yet")}
                text={t("The gateway answers with a chat account that you own. It needs that account's sign-in, once.")}
              />
            ) : (
              <PartOf rows={data.filter(holds)}>
                {(shown) => (
                  <DataTable
                    label={t("Accounts")}
                    head={[
                      t("Account"),
                      t("State"),
                      ...(isShared(data) ? [t("Replica")] : []),
                      t("Last answers"),
                      t("Last used"),
                      t("Expires"),
                      t("Source"),
                      "",
                    ]}
                  >
                    {shown.map((account) => (
                      <Row key={account.id} account={account} />
                    ))}
                  </DataTable>
                )}
              </PartOf>
            )
          }
        </Loaded>
      </Panel>
    </>
  );
}

/** Whether several replicas share the accounts. */
function isShared(accounts: readonly AccountRow[]): boolean {
  return accounts.some(({ replica }) => replica !== undefined);
}

function Row({ account }: { readonly account: AccountRow }) {
  const { told } = useTexts();
  const { id, state, reason, recent, lastUsedAt, expiresAt } = account;
  return (
    <tr>
      <td>
        <Name to={`/accounts/${encodeURIComponent(id)}`}>{id}</Name>
      </td>
      <td title={told(reason)}>
        <StateBadge state={state} />
      </td>
      {account.replica !== undefined && (
        <td>
          <ReplicaOf account={account} />
        </td>
      )}
      <td className={classes["strip"]}>
        <AnswerStrip recent={recent} />
      </td>
      <td>
        <Moment at={lastUsedAt} />
      </td>
      <td>
        <Moment at={expiresAt} />
      </td>
      <td>
        <SourceOf account={account} />
      </td>
      <td>
        <AccountActions account={account} isCompact />
      </td>
    </tr>
  );
}
