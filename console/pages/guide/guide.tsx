import { Anchor, List, Stack, Text, Title } from "@mantine/core";
import { useTexts } from "../../texts/language.tsx";
import { Panel } from "../../widgets/panel.tsx";
import { AddWizard } from "../accounts/add-wizard.tsx";
import classes from "./guide.module.css";

/** Shown while there is no account: what to bring, where to find it, and the form that takes it. */
export function Guide() {
  const { t } = useTexts();
  return (
    <div className={classes["page"]}>
      <Stack gap={4}>
        <Title order={1} size="h2">
          {t("Welcome. Add your first account.")}
        </Title>
        <Text c="dimmed">
          {t("The gateway answers with a chat account that you own. It needs that account's sign-in, once.")}
        </Text>
      </Stack>
      <div className={classes["halves"]}>
        <Panel title={t("Where the sign-in is")}>
          <List type="ordered" size="sm" spacing="xs">
            <List.Item>{t("Sign in to the site in your own browser.")}</List.Item>
            <List.Item>{t("Open the developer tools (F12) and their Network tab, and load the page again.")}</List.Item>
            <List.Item>
              {t("Click a request to the site, and copy its Cookie header or the whole request as cURL.")}
            </List.Item>
            <List.Item>{t("Paste it here. Nothing is saved before you see what the gateway makes of it.")}</List.Item>
          </List>
          <Text size="sm" mt="sm">
            {t("A cookies.txt, a cookie extension's JSON and a Playwright storage state work too.")}{" "}
            {t("document.cookie does not, because it lacks the sign-in.")}
          </Text>
          <Text size="sm" mt="sm">
            <Anchor href="/docs" target="_blank" inherit>
              {t("The whole API")}
            </Anchor>
          </Text>
        </Panel>
        <Panel title={t("Add an account")}>
          <AddWizard />
        </Panel>
      </div>
    </div>
  );
}
