import { Alert, CloseButton, Group, Text } from "@mantine/core";
import { useSyncExternalStore } from "react";
import { useTexts } from "../texts/language.tsx";
import classes from "./notices.module.css";

interface Notice {
  readonly id: number;
  readonly text: string;
  readonly isFailure: boolean;
}

const SHOWN_MS = 8_000;
const MOST = 4;

let notices: readonly Notice[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

function change(next: readonly Notice[]): void {
  notices = next;
  listeners.forEach((tell) => tell());
}

function dismiss(id: number): void {
  change(notices.filter((notice) => notice.id !== id));
}

/** Says for some seconds what was done, or what failed. Screen readers hear it. */
export function notify(text: string, { isFailure = false }: { readonly isFailure?: boolean } = {}): void {
  lastId += 1;
  const id = lastId;
  change([...notices, { id, text, isFailure }].slice(-MOST));
  window.setTimeout(() => dismiss(id), SHOWN_MS);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

export function Notices() {
  const { t, told } = useTexts();
  const shown = useSyncExternalStore(subscribe, () => notices);
  return (
    <div className={classes["region"]} role="status" aria-live="polite">
      {shown.map(({ id, text, isFailure }) => (
        <Alert key={id} variant="filled" color={isFailure ? "red" : "dark"} p="xs">
          <Group gap="xs" wrap="nowrap" justify="space-between">
            <Text size="sm">{told(text)}</Text>
            <CloseButton
              size="sm"
              c="white"
              variant="transparent"
              aria-label={t("Dismiss")}
              onClick={() => dismiss(id)}
            />
          </Group>
        </Alert>
      ))}
    </div>
  );
}
