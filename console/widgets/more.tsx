import { Button, Group } from "@mantine/core";
import { useTexts } from "../texts/language.tsx";

interface MoreProps {
  readonly pages: {
    readonly hasNextPage: boolean;
    readonly isFetchingNextPage: boolean;
    readonly fetchNextPage: () => unknown;
  };
}

/** Reads the next page of a list. */
export function More({ pages: { hasNextPage, isFetchingNextPage, fetchNextPage } }: MoreProps) {
  const { t } = useTexts();
  if (!hasNextPage) return null;
  return (
    <Group justify="center" mt="sm">
      <Button size="xs" variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
        {t("Show more")}
      </Button>
    </Group>
  );
}
