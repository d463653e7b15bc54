import type { ClipboardEvent, KeyboardEvent, RefObject } from "react";
import { useEffect } from "react";
import { VIEWER_LIMITS, type ViewerMessage } from "../../../src/live-view/wire.ts";
import { useTexts } from "../../texts/language.tsx";
import classes from "./live.module.css";
import { modifiersOf } from "./pointing.ts";

interface KeyboardProps {
  readonly field: RefObject<HTMLTextAreaElement | null>;
  /** Where the last click was: the input method shows its window there. */
  readonly place: Readonly<Record<"left" | "top", number>>;
  readonly isMine: boolean;
  readonly send: (message: ViewerMessage) => void;
}

/**
 * A field that nobody sees takes what is typed: text as text, whatever the keyboard, and compositions of an input method.
 * Keys without text and chords go as keys. Nothing stays in the field.
 */
export function Keyboard({ field, place, isMine, send }: KeyboardProps) {
  const { t } = useTexts();
  const sendText = (text: string): void => {
    if (!isMine || text === "") return;
    const most = VIEWER_LIMITS.textCharacters;
    for (let at = 0; at < text.length; at += most) send({ type: "text", text: text.slice(at, at + most) });
  };
  const key = (action: "down" | "up", event: KeyboardEvent): void => {
    const { key: name, code, repeat, nativeEvent } = event;
    if (!isMine || nativeEvent.isComposing || name === "Process" || isTyped(event) || isPaste(event)) return;
    event.preventDefault();
    send({ type: "key", action, key: name, code, modifiers: modifiersOf(event), ...(repeat && { isRepeat: true }) });
  };
  useEffect(() => {
    const blur = (): void => send({ type: "blur" });
    window.addEventListener("blur", blur);
    return () => window.removeEventListener("blur", blur);
  });
  return (
    <textarea
      ref={field}
      className={classes["keyboard"]}
      style={place}
      aria-label={t("Keyboard of the page")}
      autoComplete="off"
      autoCapitalize="off"
      spellCheck={false}
      onKeyDown={(event) => key("down", event)}
      onKeyUp={(event) => key("up", event)}
      onBlur={() => send({ type: "blur" })}
      onPaste={(event: ClipboardEvent) => {
        event.preventDefault();
        sendText(event.clipboardData.getData("text/plain"));
      }}
      onInput={({ currentTarget, nativeEvent }) => {
        if (nativeEvent.isComposing) return;
        sendText(currentTarget.value);
        currentTarget.value = "";
      }}
      onCompositionUpdate={({ data }) => isMine && send({ type: "compose", text: data })}
      onCompositionEnd={({ currentTarget, data }) => {
        if (data === "" && isMine) send({ type: "compose", text: "" });
        else sendText(data);
        currentTarget.value = "";
      }}
    />
  );
}

/** Whether the key makes text in the field. */
function isTyped({ key, ctrlKey, altKey, metaKey, nativeEvent }: KeyboardEvent): boolean {
  if (key.length !== 1 && key !== "Dead") return false;
  // AltGr types characters, and some systems report it as Control and Alt.
  return nativeEvent.getModifierState("AltGraph") || !(ctrlKey || altKey || metaKey);
}

function isPaste({ key, ctrlKey, metaKey }: KeyboardEvent): boolean {
  return (ctrlKey || metaKey) && key.toLowerCase() === "v";
}
