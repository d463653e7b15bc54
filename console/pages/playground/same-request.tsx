import { SegmentedControl } from "@mantine/core";
import { useState } from "react";
import { useTexts } from "../../texts/language.tsx";
import { Copyable } from "../../widgets/copyable.tsx";
import { Panel } from "../../widgets/panel.tsx";
import type { Asked, DialectName } from "./dialects.ts";
import { snippet, SNIPPETS, type SnippetName } from "./snippets.ts";

interface SameRequestProps {
  readonly dialect: DialectName;
  readonly asked: Asked;
}

/** The request as a program would send it. */
export function SameRequest({ dialect, asked }: SameRequestProps) {
  const { t } = useTexts();
  const [kind, setKind] = useState<SnippetName>("curl");
  return (
    <Panel
      title={t("The same request")}
      actions={
        <SegmentedControl
          size="xs"
          aria-label={t("Program")}
          value={kind}
          onChange={(value) => setKind(value as SnippetName)}
          data={Object.entries(SNIPPETS).map(([value, label]) => ({ value, label }))}
        />
      }
    >
      <Copyable text={snippet(kind, dialect, asked)} label={t("The same request")} />
    </Panel>
  );
}
