import { NativeSelect, TextInput } from "@mantine/core";
import { useTexts } from "../../texts/language.tsx";
import classes from "./requests.module.css";

export interface RequestFilters {
  readonly key?: string;
  readonly account?: string;
  readonly model?: string;
  readonly code?: string;
  readonly outcome?: string;
}

const FIELDS = [
  ["key", "Key"],
  ["account", "Account"],
  ["model", "Model"],
  ["code", "Error code"],
] as const;

interface FiltersProps {
  readonly value: RequestFilters;
  readonly onChange: (filters: RequestFilters) => void;
}

/** What the gateway looks for. An empty field does not count. */
export function Filters({ value, onChange }: FiltersProps) {
  const { t } = useTexts();
  return (
    <div className={classes["filters"]} role="search">
      {FIELDS.map(([name, label]) => (
        <TextInput
          key={name}
          size="xs"
          label={t(label)}
          value={value[name] ?? ""}
          onChange={({ currentTarget }) => onChange({ ...value, [name]: currentTarget.value.trim() })}
        />
      ))}
      <NativeSelect
        size="xs"
        label={t("Outcome")}
        value={value.outcome ?? ""}
        onChange={({ currentTarget }) => onChange({ ...value, outcome: currentTarget.value })}
        data={[
          { value: "", label: t("any") },
          { value: "ok", label: t("answered") },
          { value: "failed", label: t("failed") },
        ]}
      />
    </div>
  );
}
