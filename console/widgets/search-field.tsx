import { TextInput } from "@mantine/core";
import { useTexts } from "../texts/language.tsx";

interface SearchFieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** Narrows the list below it. */
export function SearchField({ value, onChange }: SearchFieldProps) {
  const { t } = useTexts();
  return (
    <TextInput
      size="xs"
      aria-label={t("Search")}
      placeholder={t("Search")}
      value={value}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
    />
  );
}
