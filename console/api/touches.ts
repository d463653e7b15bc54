/** In every tab of the browser: one that is left alone does not sign out another in which somebody works. */
const STORED_AS = "console-touched-at";
/** Writing it at each move of the pointer would wake the other tabs for nothing. */
const SAME_MS = 1_000;

/** Somebody is here. */
export function noteTouch(now = Date.now()): void {
  if (Math.abs(now - lastTouchAt()) > SAME_MS) localStorage.setItem(STORED_AS, String(now));
}

/** When somebody touched the console last, in any tab; Unix time, milliseconds. */
export function lastTouchAt(): number {
  return Number(localStorage.getItem(STORED_AS) ?? 0);
}

/** Whether nobody touched the console for so long, give or take what a touch takes to be noted. */
export function isUntouchedFor(limitMs: number, now = Date.now()): boolean {
  return now - lastTouchAt() >= limitMs - SAME_MS;
}
