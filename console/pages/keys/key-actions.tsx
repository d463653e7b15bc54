import { Button, Group } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { askAgain } from "../../api/ask-again.ts";
import { call } from "../../api/client.ts";
import type { KeyRow, NewKey } from "../../api/contract.ts";
import { useTexts } from "../../texts/language.tsx";
import { Confirm } from "../../widgets/confirm.tsx";
import { notify } from "../../widgets/notices.tsx";
import { KeyForm } from "./key-form.tsx";

interface KeyActionsProps {
  readonly row: KeyRow;
  readonly onNewSecret: (made: NewKey) => void;
}

/** Changes, rotates and revokes a key. */
export function KeyActions({ row, onNewSecret }: KeyActionsProps) {
  const { t } = useTexts();
  const client = useQueryClient();
  const [open, setOpen] = useState<"change" | "rotate" | "revoke">();
  const path = `/keys/${encodeURIComponent(row.id)}`;
  const close = (): void => setOpen(undefined);
  const settled = {
    onError: (error: Error) => notify(error.message, { isFailure: true }),
    onSettled: () => {
      close();
      void askAgain(client, { queryKey: ["/keys"] });
    },
  };
  const rotating = useMutation({
    mutationFn: () => call<NewKey>("POST", `${path}/rotate`),
    ...settled,
    onSuccess: onNewSecret,
  });
  const revoking = useMutation({ mutationFn: () => call("DELETE", path), ...settled });
  return (
    <Group gap={6} wrap="nowrap" justify="flex-end">
      <Button size="compact-xs" variant="default" onClick={() => setOpen("change")}>
        {t("Change")}
      </Button>
      <Button size="compact-xs" variant="default" onClick={() => setOpen("rotate")}>
        {t("Rotate")}
      </Button>
      <Button size="compact-xs" variant="light" color="red" onClick={() => setOpen("revoke")}>
        {t("Revoke")}
      </Button>
      {open === "change" && <KeyForm row={row} onClose={close} />}
      {open === "rotate" && (
        <Confirm
          title={`${t("Rotate")}: ${row.name}`}
          verb={t("Rotate")}
          isBusy={rotating.isPending}
          onConfirm={() => rotating.mutate()}
          onClose={close}
        >
          {t("The old secret of {name} is refused from the next request on. Running answers go on.", {
            name: row.name,
          })}
        </Confirm>
      )}
      {open === "revoke" && (
        <Confirm
          title={`${t("Revoke")}: ${row.name}`}
          verb={t("Revoke")}
          isDangerous
          isBusy={revoking.isPending}
          onConfirm={() => revoking.mutate()}
          onClose={close}
        >
          {t("{name} is refused from the next request on, for ever. Running answers go on.", { name: row.name })}
        </Confirm>
      )}
    </Group>
  );
}
