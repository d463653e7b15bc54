import { Text } from "@mantine/core";
import type { AccountRow } from "../../api/contract.ts";
import { useTexts } from "../../texts/language.tsx";

const LABELS = { settings: "Settings", file: "File", console: "Console" } as const;

export function SourceOf({ account: { source } }: { readonly account: AccountRow }) {
  const { t } = useTexts();
  return (
    <Text size="xs" c="dimmed" component="span">
      {t(LABELS[source])}
    </Text>
  );
}
