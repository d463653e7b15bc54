import { Badge } from "@mantine/core";
import { useTexts } from "../texts/language.tsx";
import { lookOf } from "./states.ts";

/** A state in words; the colour repeats it. */
export function StateBadge({ state }: { readonly state: string }) {
  const { t } = useTexts();
  const look = lookOf(state);
  return (
    <Badge color={look?.colour ?? "gray"} variant="light" title={state}>
      {look ? t(look.label) : state}
    </Badge>
  );
}
