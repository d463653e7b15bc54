import { Button, Group, Paper, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import type { ShownDialog, ViewerMessage } from "../../../src/live-view/wire.ts";
import { useTexts } from "../../texts/language.tsx";
import classes from "./live.module.css";

interface PageDialogProps {
  readonly dialog: ShownDialog;
  readonly isMine: boolean;
  readonly send: (message: ViewerMessage) => void;
}

/** A dialog that the page opened; its picture has none. */
export function PageDialog({ dialog: { kind, message, defaultText }, isMine, send }: PageDialogProps) {
  const { t } = useTexts();
  const [text, setText] = useState(defaultText);
  const answer = (isAccepted: boolean): void =>
    send({ type: "dialog", isAccepted, ...(kind === "prompt" && isAccepted && { text }) });
  return (
    <div className={classes["dialog"]} role="alertdialog" aria-label={t("The page asks")}>
      <Paper p="md" radius="md" maw={420} withBorder>
        <Stack>
          <Text size="sm" fw={600}>
            {t("The page asks")}
          </Text>
          <Text size="sm">{kind === "beforeunload" ? t("May the page be left?") : message}</Text>
          {kind === "prompt" && (
            <TextInput
              aria-label={t("Answer")}
              value={text}
              onChange={({ currentTarget }) => setText(currentTarget.value)}
            />
          )}
          <Group justify="flex-end">
            {kind !== "alert" && (
              <Button size="xs" variant="default" disabled={!isMine} onClick={() => answer(false)}>
                {t("Cancel")}
              </Button>
            )}
            <Button size="xs" disabled={!isMine} onClick={() => answer(true)}>
              {t("OK")}
            </Button>
          </Group>
        </Stack>
      </Paper>
    </div>
  );
}
