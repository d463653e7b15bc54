import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { Link } from "wouter";
import type { AccountRow } from "../../api/contract.ts";
import { useTexts } from "../../texts/language.tsx";
import { Moment } from "../../widgets/moment.tsx";
import { StateBadge } from "../../widgets/state-badge.tsx";

/** The accounts that wait for a person, with what to do. */
export function Attention({ accounts }: { readonly accounts: readonly AccountRow[] }) {
  const { t } = useTexts();
  if (accounts.length === 0) return null;
  const title = t("{count, plural, one {# account needs you} other {# accounts need you}}", { count: accounts.length });
  return (
    <Alert color="red" variant="light" title={title}>
      <Stack gap="xs">
        {accounts.map(({ id, state, reason, since }) => (
          <Group key={id} justify="space-between" gap="xs">
            <Group gap="xs">
              <Text size="sm" fw={600}>
                {id}
              </Text>
              <StateBadge state={state} />
              <Text size="sm">{reason}</Text>
              <Text size="xs" c="dimmed">
                <Moment at={since} />
              </Text>
            </Group>
            <Button component={Link} href={`/live/${encodeURIComponent(id)}`} size="compact-sm" color="red">
              {t("Open live view")}
            </Button>
          </Group>
        ))}
      </Stack>
    </Alert>
  );
}
