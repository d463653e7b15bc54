import { Text } from "@mantine/core";
import type { KeyRow } from "../../api/contract.ts";
import { useTexts } from "../../texts/language.tsx";
import { wholeNumber } from "../../widgets/moment.tsx";
import { LIMIT_NAMES } from "./limit-names.ts";

/** Each limit of a key with what is left of it. */
export function LimitsOf({ row: { limits, remaining } }: { readonly row: KeyRow }) {
  const { t, language } = useTexts();
  const shown = LIMIT_NAMES.flatMap(([name, label]) => {
    const limit = limits[name];
    return limit === undefined ? [] : [{ name, label, limit, left: remaining?.[name] }];
  });
  if (shown.length === 0) return <Text size="sm">{t("none")}</Text>;
  return (
    <>
      {shown.map(({ name, label, limit, left }) => (
        <Text key={name} size="xs">
          {left === undefined
            ? wholeNumber(limit, language)
            : t("{left} of {limit}", { left: wholeNumber(left, language), limit: wholeNumber(limit, language) })}{" "}
          {t(label)}
        </Text>
      ))}
    </>
  );
}
