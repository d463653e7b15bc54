import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { useTexts } from "../texts/language.tsx";

interface ConfirmProps {
  readonly title: string;
  /** What the action does, above all to running answers. */
  readonly children: ReactNode;
  readonly verb: string;
  readonly isDangerous?: boolean;
  /** A name that must be typed first. */
  readonly typed?: string;
  readonly isBusy?: boolean;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

/** Says first what an action will do. */
export function Confirm(props: ConfirmProps) {
  const { title, children, verb, isDangerous = false, typed, isBusy = false, onConfirm, onClose } = props;
  const { t } = useTexts();
  const [text, setText] = useState("");
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onConfirm();
        }}
      >
        <Stack>
          <Text size="sm" component="div">
            {children}
          </Text>
          {typed !== undefined && (
            <TextInput
              label={t("Type {name} to go on", { name: typed })}
              value={text}
              onChange={({ currentTarget }) => setText(currentTarget.value)}
              data-autofocus
            />
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("Cancel")}
            </Button>
            <Button
              type="submit"
              color={isDangerous ? "red" : "indigo"}
              loading={isBusy}
              disabled={typed !== undefined && text !== typed}
            >
              {verb}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}

interface DialogProps {
  readonly title: string;
  readonly size?: string;
  readonly children: ReactNode;
  readonly onClose: () => void;
}

/** Mantine's lock of the scroll bar adds a style element, which the page's policy refuses. */
export function Dialog({ title, size = "md", children, onClose }: DialogProps) {
  const { t } = useTexts();
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      size={size}
      lockScroll={false}
      closeButtonProps={{ "aria-label": t("Close") }}
    >
      {children}
    </Modal>
  );
}
