import { Button, Group, Stack, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { askAgain } from "../../api/ask-again.ts";
import { call } from "../../api/client.ts";
import type { KeyLimits, KeyRow, NewKey } from "../../api/contract.ts";
import { useTexts } from "../../texts/language.tsx";
import { Dialog } from "../../widgets/confirm.tsx";
import { Failure } from "../../widgets/loaded.tsx";
import classes from "./keys.module.css";
import { LIMIT_NAMES, type LimitName } from "./limit-names.ts";

interface KeyFormProps {
  /** The key to change; absent for a new one. */
  readonly row?: KeyRow;
  readonly onMade?: (made: NewKey) => void;
  readonly onClose: () => void;
}

/** Makes a key or changes one. Empty fields are no limits. */
export function KeyForm({ row, onMade, onClose }: KeyFormProps) {
  const { t } = useTexts();
  const [name, setName] = useState(row?.name ?? "");
  const [limits, setLimits] = useState<Partial<Record<LimitName, string>>>(textsOf(row?.limits));
  const [models, setModels] = useState(row?.models?.join(", ") ?? "");
  const [expires, setExpires] = useState(row?.expiresAt ? localTime(row.expiresAt) : "");
  const saving = useSaving(row, onMade, onClose);
  const body = {
    name: name.trim(),
    limits: numbersOf(limits),
    models: listOf(models),
    expiresAt: expires === "" ? null : new Date(expires).getTime(),
  };
  return (
    <Dialog title={row ? t("Change {name}", { name: row.name }) : t("Make a key")} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          saving.mutate(body);
        }}
      >
        <Stack>
          <TextInput
            label={t("Name")}
            value={name}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
            required
            data-autofocus
          />
          <fieldset className={classes["limits"]}>
            <legend>{t("Limits. Empty: none.")}</legend>
            {LIMIT_NAMES.map(([limit, label]) => (
              <TextInput
                key={limit}
                type="number"
                min={1}
                label={t(label)}
                value={limits[limit] ?? ""}
                onChange={({ currentTarget }) => setLimits({ ...limits, [limit]: currentTarget.value })}
              />
            ))}
          </fieldset>
          <TextInput
            label={t("Models")}
            description={t("Names, separated by commas. Empty: all.")}
            value={models}
            onChange={({ currentTarget }) => setModels(currentTarget.value)}
          />
          <TextInput
            type="datetime-local"
            label={t("Expires")}
            value={expires}
            onChange={({ currentTarget }) => setExpires(currentTarget.value)}
          />
          {saving.error && <Failure error={saving.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("Cancel")}
            </Button>
            <Button type="submit" loading={saving.isPending} disabled={body.name === ""}>
              {row ? t("Save") : t("Make the key")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}

function useSaving(row: KeyRow | undefined, onMade: KeyFormProps["onMade"], onClose: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (body: object) => {
      if (row) await call<KeyRow>("PATCH", `/keys/${encodeURIComponent(row.id)}`, { body });
      else onMade?.(await call<NewKey>("POST", "/keys", { body }));
    },
    onSuccess: () => {
      void askAgain(client, { queryKey: ["/keys"] });
      onClose();
    },
  });
}

function textsOf(limits: KeyLimits | undefined): Partial<Record<LimitName, string>> {
  return Object.fromEntries(Object.entries(limits ?? {}).map(([name, value]) => [name, String(value)]));
}

function numbersOf(texts: Partial<Record<LimitName, string>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(texts).flatMap(([name, text]) => (text === "" ? [] : [[name, Number(text)]])),
  );
}

function listOf(text: string): string[] | null {
  const names = text.split(/[\s,]+/).filter((name) => name !== "");
  return names.length > 0 ? names : null;
}

/** As a field of the browser's own calendar takes it. */
function localTime(at: number): string {
  const offsetMs = new Date(at).getTimezoneOffset() * 60_000;
  return new Date(at - offsetMs).toISOString().slice(0, 16);
}
