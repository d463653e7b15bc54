import { Text } from "@mantine/core";
import type { AccountRow } from "../../api/contract.ts";
import { useTexts } from "../../texts/language.tsx";
import { Moment } from "../../widgets/moment.tsx";

/** The replica that has the account; where that does not answer, since when nothing is known of it. */
export function ReplicaOf({ account: { replica, lastKnownAt } }: { readonly account: AccountRow }) {
  const { t } = useTexts();
  return (
    <>
      {replica ?? t("none")}
      {typeof lastKnownAt === "number" && (
        <Text size="xs" c="red">
          {t("last known")} <Moment at={lastKnownAt} />
        </Text>
      )}
    </>
  );
}
