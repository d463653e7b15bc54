import { useEffect, useEffectEvent, useRef, useState, type PointerEvent as ReactPointerEvent } from "react";
import type { Frame, ViewerMessage } from "../../../src/live-view/wire.ts";
import { useTexts } from "../../texts/language.tsx";
import { Keyboard } from "./keyboard.tsx";
import classes from "./live.module.css";
import { ClickCount, modifiersOf, pointIn, Touch, type Size } from "./pointing.ts";

export type Draw = (frame: Frame) => Promise<void>;

interface ScreenProps {
  /** Whether what is done here reaches the page. */
  readonly isMine: boolean;
  readonly send: (message: ViewerMessage) => void;
  readonly onDraw: (draw: Draw) => void;
}

type Place = Readonly<Record<"left" | "top", number>>;

/** The picture of the page, and the mouse over it. */
export function Screen({ isMine, send, onDraw }: ScreenProps) {
  const { t } = useTexts();
  const canvas = useRef<HTMLCanvasElement>(null);
  const keyboard = useRef<HTMLTextAreaElement>(null);
  const size = useRef<Size>(undefined);
  const clicks = useRef(new ClickCount());
  const touch = useRef(new Touch());
  const move = useCoalescedMove(send);
  const [place, setPlace] = useState<Place>({ left: 0, top: 0 });
  const giveDraw = useEffectEvent(onDraw);
  useEffect(() => {
    giveDraw(async (frame) => {
      size.current = frame;
      if (canvas.current) await drawOn(canvas.current, frame);
    });
  }, []);
  useWheel(canvas, (event) => {
    const at = isMine && pointIn(event, canvas.current, size.current);
    if (at) send({ type: "wheel", ...at, deltaX: event.deltaX, deltaY: event.deltaY, modifiers: modifiersOf(event) });
  });
  const mouse = (action: "down" | "up", event: ReactPointerEvent): void => {
    const at = isMine && pointIn(event, canvas.current, size.current);
    const { button, buttons } = event;
    if (!at || button > 2) return;
    move.flush();
    if (action === "down") clicks.current.press(event, event.timeStamp);
    const modifiers = modifiersOf(event);
    send({
      type: "mouse",
      action,
      ...at,
      button: button as 0 | 1 | 2,
      // A tap is told when the finger has left.
      buttons: action === "down" ? buttons & 7 || 1 : buttons & 7,
      clickCount: clicks.current.count,
      modifiers,
    });
  };
  return (
    <div className={classes["screen"]}>
      <canvas
        ref={canvas}
        className={classes["canvas"]}
        width={1280}
        height={800}
        aria-label={t("The account's page")}
        role="img"
        onPointerMove={(event) => {
          const at = isMine && pointIn(event, canvas.current, size.current);
          if (event.pointerType === "touch") {
            const scroll = at && touch.current.drag(event);
            if (scroll) send({ type: "wheel", ...at, ...scroll, modifiers: 0 });
          } else if (at) move.to({ ...at, buttons: event.buttons & 7, modifiers: modifiersOf(event) });
        }}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setPlace(placeOf(event));
          keyboard.current?.focus({ preventScroll: true });
          if (event.pointerType === "touch") touch.current.start(event);
          else mouse("down", event);
        }}
        onPointerUp={(event) => {
          if (event.pointerType === "touch") {
            if (!touch.current.end()) return;
            mouse("down", event);
          }
          mouse("up", event);
        }}
        // The press would take the focus from the keyboard's field.
        onMouseDown={(event) => event.preventDefault()}
        onContextMenu={(event) => event.preventDefault()}
      />
      <Keyboard field={keyboard} place={place} isMine={isMine} send={send} />
    </div>
  );
}

async function drawOn(canvas: HTMLCanvasElement, { jpeg }: Frame): Promise<void> {
  const picture = await createImageBitmap(new Blob([new Uint8Array(jpeg)], { type: "image/jpeg" }));
  if (canvas.width !== picture.width || canvas.height !== picture.height) {
    canvas.width = picture.width;
    canvas.height = picture.height;
  }
  canvas.getContext("2d")?.drawImage(picture, 0, 0);
  picture.close();
}

function placeOf({ currentTarget, clientX, clientY }: ReactPointerEvent): Place {
  const { left, top } = currentTarget.getBoundingClientRect();
  return { left: clientX - left, top: clientY - top };
}

interface Move {
  readonly x: number;
  readonly y: number;
  readonly buttons: number;
  readonly modifiers: number;
}

/** Sends the last move of each frame of the display, or earlier if something must come after it. */
function useCoalescedMove(send: ScreenProps["send"]) {
  const waiting = useRef<Move>(undefined);
  const timer = useRef<number>(undefined);
  const flush = (): void => {
    if (timer.current !== undefined) cancelAnimationFrame(timer.current);
    timer.current = undefined;
    const last = waiting.current;
    waiting.current = undefined;
    if (last) send({ type: "mouse", action: "move", button: 0, clickCount: 0, ...last });
  };
  return {
    flush,
    to: (move: Move): void => {
      waiting.current = move;
      timer.current ??= requestAnimationFrame(flush);
    },
  };
}

/** React listens to wheels passively, so the console would scroll too. */
function useWheel(target: React.RefObject<HTMLElement | null>, listener: (event: WheelEvent) => void): void {
  const onWheel = useEffectEvent(listener);
  useEffect(() => {
    const { current } = target;
    const take = (event: WheelEvent): void => {
      event.preventDefault();
      onWheel(event);
    };
    current?.addEventListener("wheel", take, { passive: false });
    return () => current?.removeEventListener("wheel", take);
  }, [target]);
}
