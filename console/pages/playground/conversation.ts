import { useEffect, useRef, useState } from "react";
import type { Asked, DialectName, Turn } from "./dialects.ts";
import { ask, type AnswerHead } from "./stream.ts";

interface Sending {
  readonly dialect: DialectName;
  readonly apiKey: string;
  readonly model: string;
  readonly system: string;
}

/** A conversation with the gateway: its turns, the answer under way, and what its headers said. */
export function useConversation() {
  const [turns, setTurns] = useState<readonly Turn[]>([]);
  const [head, setHead] = useState<AnswerHead>();
  const [failure, setFailure] = useState<string>();
  const [isRunning, setIsRunning] = useState(false);
  const [firstTextMs, setFirstTextMs] = useState<number>();
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);

  const send = async (text: string, { dialect, apiKey, model, system }: Sending): Promise<void> => {
    const asked: Asked = { model, system, turns: [...turns, { role: "user", text }] };
    const controller = new AbortController();
    running.current = controller;
    setTurns([...asked.turns, { role: "assistant", text: "" }]);
    setFailure(undefined);
    setHead(undefined);
    setFirstTextMs(undefined);
    setIsRunning(true);
    const startedAt = performance.now();
    let answer = "";
    try {
      await ask(
        { dialect, asked, apiKey, signal: controller.signal },
        {
          onHead: setHead,
          onText: (part) => {
            if (answer === "" && part !== "") setFirstTextMs(performance.now() - startedAt);
            answer += part;
            setTurns([...asked.turns, { role: "assistant", text: answer }]);
          },
        },
      );
    } catch (error) {
      if (!controller.signal.aborted) setFailure(error instanceof Error ? error.message : String(error));
    } finally {
      // A turn without an answer would be refused with the next question.
      if (answer === "") setTurns(turns);
      setIsRunning(false);
    }
  };
  return {
    turns,
    head,
    failure,
    isRunning,
    firstTextMs,
    send,
    stop: () => running.current?.abort(),
    clear: () => {
      running.current?.abort();
      setTurns([]);
      setHead(undefined);
      setFailure(undefined);
    },
  };
}
