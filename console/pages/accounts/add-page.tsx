import { Button, Text } from "@mantine/core";
import { Link } from "wouter";
import { useTexts } from "../../texts/language.tsx";
import { PageHead, Panel } from "../../widgets/panel.tsx";
import { AddWizard } from "./add-wizard.tsx";
import classes from "./accounts.module.css";

export function AddPage() {
  const { t } = useTexts();
  return (
    <>
      <PageHead title={t("Add an account")} />
      <div className={classes["halves"]}>
        <Panel title={t("Paste its sign-in")}>
          <AddWizard />
        </Panel>
        <Panel title={t("Or sign in by hand")}>
          <Text size="sm" mb="sm">
            {t(
              "The live view opens the site's login page in the gateway's own browser. The account is saved once you are signed in.",
            )}
          </Text>
          <Button component={Link} href="/live/new" variant="default">
            {t("Open the login page")}
          </Button>
        </Panel>
      </div>
    </>
  );
}
