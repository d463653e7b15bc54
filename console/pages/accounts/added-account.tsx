import { Alert, Button, Group, Loader, Stack, Text } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { Link } from "wouter";
import { askAgain } from "../../api/ask-again.ts";
import { call } from "../../api/client.ts";
import type { AccountRow, AddedAccountRow } from "../../api/contract.ts";
import { useTexts } from "../../texts/language.tsx";
import { StateBadge } from "../../widgets/state-badge.tsx";
import { canAnswer } from "../../widgets/states.ts";

const ASK_EVERY_MS = 1_000;
/** States in which nothing is settled yet. */
const UNDER_WAY = new Set(["unowned", "opening", "challenged"]);

interface AddedProps {
  readonly added: AddedAccountRow;
  readonly onAgain: () => void;
}

/** Follows a new account until it can answer, or until it is known why it cannot. */
export function AddedAccount({ added, onAgain }: AddedProps) {
  const { t, told } = useTexts();
  const client = useQueryClient();
  const { data: account } = useQuery({
    queryKey: ["/accounts", added.id, "added"],
    queryFn: ({ signal }) => call<AccountRow>("GET", `/accounts/${encodeURIComponent(added.id)}`, { signal }),
    refetchInterval: ({ state }) => (UNDER_WAY.has(state.data?.state ?? "opening") ? ASK_EVERY_MS : false),
    initialData: added,
  });
  const isUnderWay = UNDER_WAY.has(account.state);
  const isGood = canAnswer(account.state);
  useEffect(() => () => void askAgain(client, { queryKey: ["/accounts"] }), [client]);
  return (
    <Stack>
      <Alert
        color={isUnderWay ? "blue" : isGood ? "green" : "red"}
        variant="light"
        role="status"
        title={
          isUnderWay
            ? t("Signing in…")
            : isGood
              ? t("{name} can answer", { name: added.id })
              : t("{name} cannot answer yet", { name: added.id })
        }
      >
        <Stack gap="xs">
          <Group gap="xs">
            {isUnderWay && <Loader size="xs" />}
            <StateBadge state={account.state} />
            <Text size="sm">{told(account.reason)}</Text>
          </Group>
          {added.notes.map((note) => (
            <Text key={note} size="xs">
              {told(note)}
            </Text>
          ))}
        </Stack>
      </Alert>
      <Group>
        <Button component={Link} href="/playground">
          {t("Try it in the playground")}
        </Button>
        <Button component={Link} href={`/accounts/${encodeURIComponent(added.id)}`} variant="default">
          {t("Show the account")}
        </Button>
        <Button variant="subtle" onClick={onAgain}>
          {t("Add another")}
        </Button>
      </Group>
    </Stack>
  );
}
