import { useTexts } from "../../texts/language.tsx";
import { duration } from "../../widgets/moment.tsx";
import { Panel } from "../../widgets/panel.tsx";
import { Facts } from "../../widgets/facts.tsx";
import type { AnswerHead } from "./stream.ts";

const SHOWN = /^(x-(request-id|gateway|ratelimit|ignored|emulated|unchecked|should-retry)|retry-after|openai-)/;

interface HeadersProps {
  readonly head: AnswerHead | undefined;
  readonly firstTextMs: number | undefined;
}

/** What the answer's headers say. */
export function Headers({ head, firstTextMs }: HeadersProps) {
  const { t } = useTexts();
  if (!head) return null;
  const shown = head.headers.filter(([name]) => SHOWN.test(name));
  return (
    <Panel title={t("Headers of the answer")}>
      <Facts
        facts={[
          [t("Status"), head.status],
          ...(firstTextMs === undefined ? [] : [[t("First text"), duration(firstTextMs)] as const]),
          ...shown,
        ]}
      />
    </Panel>
  );
}
