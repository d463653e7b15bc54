import { Alert, Button, Group, Loader, Stack, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useReducer, useRef, useState } from "react";
import type { Frame } from "../../../src/live-view/wire.ts";
import { askAgain } from "../../api/ask-again.ts";
import { useTexts, type Text as TextId } from "../../texts/language.tsx";
import { duration, Moment, useNow } from "../../widgets/moment.tsx";
import { LiveConnection } from "./connection.ts";
import classes from "./live.module.css";
import { PageDialog } from "./page-dialog.tsx";
import { Screen, type Draw } from "./screen.tsx";
import { TabBar } from "./tab-bar.tsx";
import { after, FIRST_STATE, type ViewState } from "./view-state.ts";

interface LiveViewProps {
  /** Undefined for a new account. */
  readonly account: string | undefined;
  readonly newId: string;
  readonly onClose: () => void;
}

const PHASES: Readonly<Record<ViewState["phase"], TextId>> = {
  connecting: "Connecting…",
  waiting: "The account finishes its running answer…",
  opening: "The page opens…",
  open: "You see the account's own page.",
  checking: "Asking the site whether the account is signed in…",
  returning: "The account goes back to work…",
  ended: "The live view has ended.",
  lost: "The connection was lost.",
};

/** An account's page to see and to use by hand. */
export function LiveView(props: LiveViewProps) {
  const { t, told } = useTexts();
  const view = useLiveConnection(props);
  const { state, lastFrameAt, connection, failure } = view;
  const isOver = state.phase === "ended" || state.phase === "lost";
  const isMine = state.role === "controller" && state.phase === "open";
  return (
    <Stack gap="xs">
      <Group justify="space-between" gap="xs">
        <Group gap="xs" role="status">
          {!isOver && state.phase !== "open" && <Loader size="xs" />}
          <Text size="sm">{t(PHASES[state.phase])}</Text>
          {state.role === "watcher" && state.phase === "open" && (
            <Text size="sm">{t("Somebody else is in control.")}</Text>
          )}
        </Group>
        <Group gap="xs">
          <TimeLeft endsAt={isOver ? undefined : state.endsAt} />
          {isOver ? (
            <Button size="xs" onClick={props.onClose}>
              {t("Open it again")}
            </Button>
          ) : (
            <>
              {state.role === "watcher" && (
                <Button size="xs" variant="default" onClick={() => connection?.send({ type: "control" })}>
                  {t("Take control")}
                </Button>
              )}
              <Button size="xs" variant="default" onClick={props.onClose}>
                {t("Leave")}
              </Button>
              <Button size="xs" disabled={!isMine} onClick={() => connection?.send({ type: "done" })}>
                {t("Done, check it")}
              </Button>
            </>
          )}
        </Group>
      </Group>
      {(state.said ?? failure) !== undefined && (
        <Alert
          variant="light"
          color={state.ended?.reason === "solved" ? "green" : failure === undefined ? "indigo" : "red"}
          role="status"
        >
          <Text size="sm">{told(failure ?? state.said ?? "")}</Text>
        </Alert>
      )}
      {!isOver && (
        <div className={classes["window"]}>
          <TabBar state={state} isMine={isMine} send={(message) => connection?.send(message)} />
          <Screen isMine={isMine && state.dialog === null} send={view.send} onDraw={view.setDraw} />
          {state.dialog && <PageDialog dialog={state.dialog} isMine={isMine} send={view.send} />}
        </div>
      )}
      {!isOver && lastFrameAt !== undefined && (
        <Text size="xs" c="dimmed">
          {t("No change since")} <Moment at={lastFrameAt} />.{" "}
          {t("Lists of a page are not in the picture: use the arrow keys on them.")}
        </Text>
      )}
    </Stack>
  );
}

function TimeLeft({ endsAt }: { readonly endsAt: number | undefined }) {
  const { t } = useTexts();
  const now = useNow();
  if (endsAt === undefined) return null;
  return (
    <Text size="xs" c="dimmed">
      {t("{time} left", { time: duration(Math.max(0, Math.round((endsAt - now) / 1_000) * 1_000)) })}
    </Text>
  );
}

function useLiveConnection({ account, newId }: LiveViewProps) {
  const client = useQueryClient();
  const [state, dispatch] = useReducer(after, FIRST_STATE);
  const [failure, setFailure] = useState<string>();
  const [isLost, setIsLost] = useState(false);
  const [lastFrameAt, setLastFrameAt] = useState<number>();
  const [connection, setConnection] = useState<LiveConnection>();
  const draw = useRef<Draw>(undefined);
  const onFrame = useEffectEvent(async (frame: Frame, from: LiveConnection | undefined) => {
    await draw.current?.(frame);
    from?.send({ type: "ack", sequence: frame.sequence });
    setLastFrameAt(frame.at);
  });
  useEffect(() => {
    let opened: LiveConnection | undefined;
    let isGone = false;
    const open = async (): Promise<void> => {
      opened = await LiveConnection.open(
        { account, newId },
        {
          onMessage: dispatch,
          onFrame: (frame) => void onFrame(frame, opened),
          onClose: (reason) => {
            if (isGone) return;
            if (reason !== undefined) setFailure(reason);
            setIsLost(true);
            void askAgain(client, { queryKey: ["/accounts"] });
          },
        },
      );
      if (isGone) opened.close();
      else setConnection(opened);
    };
    open().catch((error: unknown) => {
      setFailure(error instanceof Error ? error.message : String(error));
      setIsLost(true);
    });
    return () => {
      isGone = true;
      opened?.close();
    };
  }, [account, newId, client]);
  return {
    state: isLost && state.phase !== "ended" ? { ...state, phase: "lost" as const } : state,
    failure,
    lastFrameAt,
    connection,
    send: (message: Parameters<LiveConnection["send"]>[0]) => connection?.send(message),
    setDraw: (next: Draw) => void (draw.current = next),
  };
}
