import { useEffect, useEffectEvent } from "react";
import { call } from "../api/client.ts";
import { useSigning } from "../api/session.ts";

/** A console that nobody touches for so long signs itself out. */
const IDLE_LIMIT_MS = 30 * 60_000;
/** The gateway counts requests, not clicks: so often it is told that somebody is here. */
const STAY_EVERY_MS = 5 * 60_000;
const CHECK_EVERY_MS = 15_000;
const SIGNS_OF_LIFE = ["pointerdown", "keydown", "wheel", "touchstart"] as const;

export function useIdleSignOut(): void {
  const { signOut } = useSigning();
  const onAlive = useEffectEvent(() => void call("GET", "/session").catch(() => undefined));
  const onIdle = useEffectEvent(() => void signOut());
  useEffect(() => {
    let lastAt = Date.now();
    let askedAt = lastAt;
    const alive = (): void => {
      lastAt = Date.now();
      if (lastAt - askedAt < STAY_EVERY_MS) return;
      askedAt = lastAt;
      onAlive();
    };
    for (const sign of SIGNS_OF_LIFE) window.addEventListener(sign, alive, { passive: true });
    const timer = window.setInterval(() => {
      if (Date.now() - lastAt > IDLE_LIMIT_MS) onIdle();
    }, CHECK_EVERY_MS);
    return () => {
      window.clearInterval(timer);
      for (const sign of SIGNS_OF_LIFE) window.removeEventListener(sign, alive);
    };
  }, []);
}
