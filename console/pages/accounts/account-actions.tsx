import { Button, Group } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { askAgain, OF_ACCOUNTS } from "../../api/ask-again.ts";
import { call } from "../../api/client.ts";
import type { AccountRow, ActedAccount } from "../../api/contract.ts";
import { useTexts, type Text } from "../../texts/language.tsx";
import { Confirm } from "../../widgets/confirm.tsx";
import { notify } from "../../widgets/notices.tsx";

type Verb = "enable" | "check" | "disable" | "recycle" | "remove";

interface ActionRow {
  readonly label: Text;
  /** What it does to running answers. An action without one is done at once. */
  readonly warning?: Text;
  readonly isDangerous?: boolean;
}

const ACTIONS: Readonly<Record<Verb, ActionRow>> = {
  enable: { label: "Enable" },
  check: { label: "Check now" },
  disable: {
    label: "Disable",
    warning: "{name} gets no new requests. An answer that is running now may finish. The sign-in is kept.",
  },
  recycle: {
    label: "Recycle",
    warning: "The page of {name} is closed and opened anew. An answer that is running now may finish first.",
  },
  remove: {
    label: "Remove",
    isDangerous: true,
    warning: "{name} gets no new requests and is removed with its sign-in. An answer that is running now may finish.",
  },
};

interface ActionsProps {
  readonly account: AccountRow;
  /** In a list only what is needed often. */
  readonly isCompact?: boolean;
}

/** What can be done with an account. Each says first what it does to running answers, and afterwards what it did. */
export function AccountActions({ account, isCompact = false }: ActionsProps) {
  const { t } = useTexts();
  const [asked, setAsked] = useState<Verb>();
  const acting = useActing(account.id);
  const isOff = account.state === "disabled";
  const verbs: readonly Verb[] = [
    isOff ? "enable" : "disable",
    ...(isCompact ? [] : (["check", "recycle"] as const)),
    ...(!isCompact && account.isEditable ? (["remove"] as const) : []),
  ];
  const start = (verb: Verb): void => {
    if (ACTIONS[verb].warning === undefined) acting.mutate(verb);
    else setAsked(verb);
  };
  const { label, warning, isDangerous = false } = ACTIONS[asked ?? "enable"];
  return (
    <Group gap="xs" wrap={isCompact ? "nowrap" : "wrap"} justify="flex-end">
      {verbs.map((verb) => (
        <Button
          key={verb}
          size={isCompact ? "compact-xs" : "xs"}
          variant={ACTIONS[verb].isDangerous === true ? "light" : "default"}
          color={ACTIONS[verb].isDangerous === true ? "red" : "gray"}
          loading={acting.isPending && acting.variables === verb}
          onClick={() => start(verb)}
        >
          {t(ACTIONS[verb].label)}
        </Button>
      ))}
      {asked !== undefined && warning !== undefined && (
        <Confirm
          title={`${t(label)}: ${account.id}`}
          verb={t(label)}
          isDangerous={isDangerous}
          isBusy={acting.isPending}
          {...(asked === "remove" && { typed: account.id })}
          onConfirm={() => acting.mutate(asked, { onSettled: () => setAsked(undefined) })}
          onClose={() => setAsked(undefined)}
        >
          {t(warning, { name: account.id })}
        </Confirm>
      )}
    </Group>
  );
}

function useActing(id: string) {
  const client = useQueryClient();
  const [, navigate] = useLocation();
  const path = `/accounts/${encodeURIComponent(id)}`;
  return useMutation({
    mutationFn: (verb: Verb) =>
      verb === "remove" ? call<ActedAccount>("DELETE", path) : call<ActedAccount>("POST", `${path}/${verb}`),
    onSuccess: (answer, verb) => {
      notify(answer.effect);
      if (verb === "remove") navigate("/accounts");
    },
    onError: (error) => notify(error.message, { isFailure: true }),
    onSettled: () => askAgain(client, OF_ACCOUNTS),
  });
}
