import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { Link } from "wouter";
import type { AccountRow, OverviewAnswer } from "../../api/contract.ts";
import { useRead } from "../../api/reading.ts";
import { useTexts } from "../../texts/language.tsx";
import { Moment } from "../../widgets/moment.tsx";
import { needsPerson } from "../../widgets/states.ts";

interface Call {
  readonly account: string;
  readonly kind: string;
  readonly reason: string;
  readonly at: number;
}

/** The accounts that wait for a person, with what to do. */
export function Attention({ accounts }: { readonly accounts: readonly AccountRow[] }) {
  const { t, told } = useTexts();
  const { data } = useRead<OverviewAnswer>("/overview");
  const soon = data?.attention.filter(({ kind }) => kind === "expires_soon") ?? [];
  const now = accounts.filter(({ state }) => needsPerson(state)).map(callOf);
  const calls = [...now, ...soon];
  if (calls.length === 0) return null;
  const title = t("{count, plural, one {# account needs you} other {# accounts need you}}", { count: calls.length });
  return (
    <Alert color={now.length > 0 ? "red" : "yellow"} variant="light" title={title}>
      <Stack gap="xs">
        {calls.map(({ account, kind, reason, at }) => (
          <Group key={account} justify="space-between" gap="xs">
            <Text size="sm">
              <b>{account}</b> {told(reason)}{" "}
              <Text span size="xs" c="dimmed">
                <Moment at={at} />
              </Text>
            </Text>
            <Button
              component={Link}
              href={`/live/${encodeURIComponent(account)}`}
              size="compact-sm"
              variant={kind === "expires_soon" ? "default" : "filled"}
              color="red"
            >
              {kind === "needs_attention" ? t("Open live view") : t("Sign in by hand")}
            </Button>
          </Group>
        ))}
      </Stack>
    </Alert>
  );
}

function callOf({ id, state, reason, since }: AccountRow): Call {
  return { account: id, kind: state, reason, at: since };
}
