import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import type { NewKey } from "../../api/contract.ts";
import { useTexts } from "../../texts/language.tsx";
import { Dialog } from "../../widgets/confirm.tsx";
import { Copyable } from "../../widgets/copyable.tsx";

interface NewKeyProps {
  readonly made: NewKey;
  readonly onClose: () => void;
}

/** A key's secret, which is shown this once. */
export function NewKeyShown({ made, onClose }: NewKeyProps) {
  const { t } = useTexts();
  return (
    <Dialog title={made.name} onClose={onClose}>
      <Stack>
        <Alert color="yellow" variant="light">
          <Text size="sm">{t("Copy it now. It is shown this once; the gateway keeps a hash only.")}</Text>
        </Alert>
        <Copyable text={made.key} label={t("The new key")} />
        <Group justify="flex-end">
          <Button onClick={onClose}>{t("I have it")}</Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
