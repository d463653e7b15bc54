import { Button, Group, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { askAgain, OF_ACCOUNTS } from "../../api/ask-again.ts";
import { call } from "../../api/client.ts";
import type { AccountRow, AddedAccountRow } from "../../api/contract.ts";
import { useTexts } from "../../texts/language.tsx";
import { Dialog } from "../../widgets/confirm.tsx";
import { Failure } from "../../widgets/loaded.tsx";
import { notify } from "../../widgets/notices.tsx";
import { PreviewOf } from "./preview.tsx";
import { useAdding } from "./adding.ts";

interface EditProps {
  readonly account: AccountRow;
  readonly onClose: () => void;
}

/** Renames an account, replaces its sign-in or its proxy. What stays empty stays as it is. */
export function EditAccount({ account, onClose }: EditProps) {
  const { t } = useTexts();
  const [id, setId] = useState(account.id);
  const [credential, setCredential] = useState("");
  const [proxy, setProxy] = useState("");
  const { preview } = useAdding(credential);
  const saving = useSaving(account.id, onClose);
  const changed = {
    ...(id.trim() !== account.id && { id: id.trim() }),
    ...(credential.trim() !== "" && { credential }),
    ...(proxy.trim() !== "" && { proxy: proxy.trim() }),
  };
  return (
    <Dialog title={t("Change {name}", { name: account.id })} size="lg" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          saving.mutate(changed);
        }}
      >
        <Stack>
          <TextInput
            label={t("Name")}
            value={id}
            onChange={({ currentTarget }) => setId(currentTarget.value)}
            required
          />
          <Textarea
            label={t("New sign-in")}
            description={t("Empty: it stays as it is.")}
            rows={4}
            value={credential}
            onChange={({ currentTarget }) => setCredential(currentTarget.value)}
            autoComplete="off"
            spellCheck={false}
          />
          <PreviewOf reading={preview} />
          <TextInput
            label={t("New proxy")}
            description={t("Empty: it stays as it is.")}
            value={proxy}
            onChange={({ currentTarget }) => setProxy(currentTarget.value)}
            autoComplete="off"
          />
          <Text size="sm">{t("An answer that is running now may finish. Then the page is opened anew.")}</Text>
          {saving.error && <Failure error={saving.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("Cancel")}
            </Button>
            <Button type="submit" loading={saving.isPending} disabled={Object.keys(changed).length === 0}>
              {t("Save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}

function useSaving(id: string, onClose: () => void) {
  const client = useQueryClient();
  const [, navigate] = useLocation();
  return useMutation({
    mutationFn: (body: object) => call<AddedAccountRow>("PATCH", `/accounts/${encodeURIComponent(id)}`, { body }),
    onSuccess: (account) => {
      notify(account.effect);
      void askAgain(client, OF_ACCOUNTS);
      onClose();
      if (account.id !== id) navigate(`/accounts/${encodeURIComponent(account.id)}`);
    },
  });
}
