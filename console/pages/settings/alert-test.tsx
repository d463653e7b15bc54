import { Alert, Button, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { z } from "zod";
import type { alertTestList } from "../../../src/admin/alerts.ts";
import { call } from "../../api/client.ts";
import { useTexts } from "../../texts/language.tsx";
import { Failure } from "../../widgets/loaded.tsx";
import { Panel } from "../../widgets/panel.tsx";

/** Sends a test to each service of ALERT_URL, and says which one was reached. */
export function AlertTest() {
  const { t } = useTexts();
  const testing = useMutation({ mutationFn: () => call<z.infer<typeof alertTestList>>("POST", "/alerts/test") });
  return (
    <Panel
      title={t("Alerts")}
      actions={
        <Button size="xs" variant="default" loading={testing.isPending} onClick={() => testing.mutate()}>
          {t("Send a test")}
        </Button>
      }
    >
      <Stack gap="xs">
        <Text size="sm" c="dimmed">
          {t("Notices go to ALERT_URL when an account needs a person, and when it works again.")}
        </Text>
        {testing.error && <Failure error={testing.error} />}
        {testing.data?.data.map(({ form, host, ok, problem }) => (
          <Alert key={`${form} ${host}`} color={ok ? "green" : "red"} variant="light" role="status">
            <Text size="sm">
              {form} {host}: {ok ? t("reached") : problem}
            </Text>
          </Alert>
        ))}
      </Stack>
    </Panel>
  );
}
