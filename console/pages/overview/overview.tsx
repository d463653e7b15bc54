import { Button, Stack } from "@mantine/core";
import { useState } from "react";
import { Link } from "wouter";
import type { AccountList, OverviewAnswer } from "../../api/contract.ts";
import { useRead } from "../../api/reading.ts";
import { useTexts } from "../../texts/language.tsx";
import { Loaded } from "../../widgets/loaded.tsx";
import { PageHead, Panel } from "../../widgets/panel.tsx";
import { Guide } from "../guide/guide.tsx";
import { Attention } from "./attention.tsx";
import { Cards } from "./cards.tsx";
import { Changes } from "./changes.tsx";
import { Figures } from "./figures.tsx";
import classes from "./overview.module.css";
import { Replicas } from "./replicas.tsx";
import { Users } from "./users.tsx";
import { Waiting } from "./waiting.tsx";
import { Traffic } from "./traffic.tsx";

/** Can I serve now, who needs me, what is slow, who uses it, what changed. */
export function Overview() {
  const { t } = useTexts();
  const accounts = useRead<AccountList>("/accounts");
  const overview = useRead<OverviewAnswer>("/overview");
  const [isFirstRun, setIsFirstRun] = useState<boolean>();
  // The guide stays while it is used, though the account that it adds is there by then.
  if (isFirstRun === undefined && accounts.data) setIsFirstRun(accounts.data.data.length === 0);
  if (isFirstRun) return <Guide />;
  return (
    <>
      <PageHead title={t("Overview")}>
        <Button component={Link} href="/accounts/new" size="xs">
          {t("Add an account")}
        </Button>
      </PageHead>
      <Loaded reading={accounts} lines={8}>
        {({ data, queue }) => (
          <Stack>
            <Figures accounts={data} queue={queue} />
            <Attention accounts={data} />
            {(overview.data?.queue ?? queue).length > 0 && <Waiting />}
            <Replicas />
            <Cards accounts={data} />
            <div className={classes["halves"]}>
              <Traffic />
              <Panel title={t("Who uses it")}>
                <Users />
              </Panel>
              <Panel title={t("What changed")}>
                <Changes />
              </Panel>
            </div>
          </Stack>
        )}
      </Loaded>
    </>
  );
}
