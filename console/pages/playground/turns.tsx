import { Alert, Loader, Text } from "@mantine/core";
import { useEffect, useRef } from "react";
import { useTexts } from "../../texts/language.tsx";
import { Empty } from "../../widgets/loaded.tsx";
import type { Turn } from "./dialects.ts";
import classes from "./playground.module.css";

interface TurnsProps {
  readonly turns: readonly Turn[];
  readonly isRunning: boolean;
  readonly failure: string | undefined;
}

/** The conversation so far. Its texts are shown as they are, never as HTML. */
export function Turns({ turns, isRunning, failure }: TurnsProps) {
  const { t } = useTexts();
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const { current } = frame;
    if (current) current.scrollTop = current.scrollHeight;
  }, [turns]);
  return (
    <>
      <div className={classes["turns"]} ref={frame} role="log" aria-label={t("Conversation")} tabIndex={0}>
        {turns.length === 0 && (
          <Empty title={t("Ask something")} text={t("The answer streams from one of your accounts.")} />
        )}
        {turns.map(({ role, text }, index) => (
          <div key={index} className={classes[role]} data-role={role}>
            {text === "" && isRunning ? (
              <Loader size="xs" type="dots" aria-label={t("Waiting for the answer")} />
            ) : (
              text
            )}
          </div>
        ))}
      </div>
      {failure !== undefined && (
        <Alert color="red" variant="light" role="alert">
          <Text size="sm">{failure}</Text>
        </Alert>
      )}
    </>
  );
}
