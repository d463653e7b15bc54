import { useEffect, useEffectEvent } from "react";
import { touchSession, useSigning } from "../api/session.ts";
import { isUntouchedFor, lastTouchAt, noteTouch } from "../api/touches.ts";

/** The gateway counts requests, not touches: so often within the limit it is told that somebody is here. */
const TELLINGS = 6;
const CHECKS = 60;
const SIGNS_OF_LIFE = ["pointermove", "pointerdown", "keydown", "wheel", "touchstart"] as const;

/**
 * Signs out a console that nobody touches. Looking is no touch, and neither is what the page reads by itself: moving the
 * pointer, a key, a scroll and coming back to the tab are. A person who works in one tab keeps them all.
 */
export function useIdleSignOut(limitMs: number): void {
  const { signOut } = useSigning();
  const onIdle = useEffectEvent(() => void signOut("idle"));
  useEffect(() => {
    // Whoever signs in, or opens another tab, is here.
    noteTouch();
    let toldAt = Date.now();
    let isOver = false;
    const check = (): void => {
      if (isOver) return;
      if (isUntouchedFor(limitMs)) {
        isOver = true;
        onIdle();
      } else if (lastTouchAt() > toldAt && Date.now() - toldAt >= limitMs / TELLINGS) {
        toldAt = Date.now();
        void touchSession();
      }
    };
    const onTouch = (): void => {
      // A machine that slept comes back after the limit: a touch then is too late.
      check();
      if (!isOver) noteTouch();
    };
    const onVisible = (): void => {
      if (!document.hidden) onTouch();
    };
    for (const sign of SIGNS_OF_LIFE) window.addEventListener(sign, onTouch, { passive: true });
    document.addEventListener("visibilitychange", onVisible);
    const timer = window.setInterval(check, limitMs / CHECKS);
    return () => {
      window.clearInterval(timer);
      document.removeEventListener("visibilitychange", onVisible);
      for (const sign of SIGNS_OF_LIFE) window.removeEventListener(sign, onTouch);
    };
  }, [limitMs]);
}
