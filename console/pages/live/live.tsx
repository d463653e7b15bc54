import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { Link, useParams } from "wouter";
import type { AccountList } from "../../api/contract.ts";
import { useRead } from "../../api/reading.ts";
import { useTexts } from "../../texts/language.tsx";
import { Empty, Loaded } from "../../widgets/loaded.tsx";
import { Name } from "../../widgets/name.tsx";
import { PartOf } from "../../widgets/part-of.tsx";
import { PageHead, Panel } from "../../widgets/panel.tsx";
import { StateBadge } from "../../widgets/state-badge.tsx";
import { LiveView } from "./live-view.tsx";

/** `/live`: which account; `/live/{id}`: its page; `/live/new`: the site's login page for a new account. */
export function Live() {
  const { t } = useTexts();
  const { id } = useParams<{ id?: string }>();
  if (id === undefined) return <Choose />;
  const account = id === "new" ? undefined : decodeURIComponent(id);
  return (
    <>
      <PageHead title={account ?? t("Sign in by hand")}>
        <Link href={account === undefined ? "/accounts" : `/accounts/${encodeURIComponent(account)}`}>
          {t("Back to the account")}
        </Link>
      </PageHead>
      <Begin key={id} account={account} />
    </>
  );
}

function Choose() {
  const { t, told } = useTexts();
  const accounts = useRead<AccountList>("/accounts");
  return (
    <>
      <PageHead title={t("Live view")}>
        <Button component={Link} href="/live/new" size="xs">
          {t("Add by signing in")}
        </Button>
      </PageHead>
      <Panel title={t("Whose page?")}>
        <Loaded reading={accounts}>
          {({ data }) =>
            data.length === 0 ? (
              <Empty title={t("No account yet")} />
            ) : (
              <PartOf rows={data}>
                {(shown) => (
                  <Stack gap="xs">
                    {shown.map(({ id, state, reason }) => (
                      <Group key={id} gap="sm">
                        <Name to={`/live/${encodeURIComponent(id)}`}>{id}</Name>
                        <StateBadge state={state} />
                        <Text size="sm" c="dimmed">
                          {told(reason)}
                        </Text>
                      </Group>
                    ))}
                  </Stack>
                )}
              </PartOf>
            )
          }
        </Loaded>
      </Panel>
    </>
  );
}

/** Says first what opening does to the account. */
function Begin({ account }: { readonly account: string | undefined }) {
  const { t } = useTexts();
  const [isOpen, setIsOpen] = useState(false);
  const [newId, setNewId] = useState("");
  if (isOpen) return <LiveView account={account} newId={newId.trim()} onClose={() => setIsOpen(false)} />;
  return (
    <Panel>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setIsOpen(true);
        }}
      >
        <Stack align="flex-start" maw={620}>
          <Text size="sm">
            {account === undefined
              ? t("The site's login page opens in the gateway's own browser. No running answer is touched.")
              : t("{name} finishes its running answer first and gets no other request meanwhile.", {
                  name: account,
                })}{" "}
            {t("It ends after 10 minutes at the latest. What you type is sent to the page and not kept.")}
          </Text>
          {account === undefined && (
            <TextInput
              label={t("Name")}
              description={t("If empty, the gateway chooses one.")}
              value={newId}
              onChange={({ currentTarget }) => setNewId(currentTarget.value)}
            />
          )}
          <Button type="submit">{t("Open live view")}</Button>
        </Stack>
      </form>
    </Panel>
  );
}
