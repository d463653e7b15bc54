import { Button, Group, PasswordInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { call } from "../../api/client.ts";
import { useTexts } from "../../texts/language.tsx";
import { notify } from "../../widgets/notices.tsx";

interface ApiKeyProps {
  readonly value: string;
  readonly onChange: (key: string) => void;
}

const LIFETIME_MS = 3_600_000;

/** The key with which the playground asks. It stays in this page's memory, and a made one ends within the hour. */
export function ApiKeyField({ value, onChange }: ApiKeyProps) {
  const { t } = useTexts();
  const making = useMutation({
    mutationFn: () =>
      call<{ readonly key: string }>("POST", "/keys", {
        body: { name: `playground-${Date.now().toString(36)}`, expiresAt: Date.now() + LIFETIME_MS },
      }),
    onSuccess: ({ key }) => onChange(key),
    onError: (error) => notify(error.message, { isFailure: true }),
  });
  return (
    <Group align="flex-end" gap="xs" wrap="nowrap">
      <PasswordInput
        label={t("API key")}
        description={t("Kept until this page is closed.")}
        value={value}
        onChange={({ currentTarget }) => onChange(currentTarget.value.trim())}
        autoComplete="off"
        flex={1}
      />
      <Button variant="default" loading={making.isPending} onClick={() => making.mutate()}>
        {t("Make one for an hour")}
      </Button>
    </Group>
  );
}
