import type { KeyLimits } from "../http/api-keys.ts";

const WINDOWS = ["requestsPerMinute", "requestsPerDay", "tokensPerMinute", "tokensPerDay"] as const;
export type Window = (typeof WINDOWS)[number];

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
export const WINDOW_MS: Readonly<Record<Window, number>> = {
  requestsPerMinute: MINUTE_MS,
  requestsPerDay: DAY_MS,
  tokensPerMinute: MINUTE_MS,
  tokensPerDay: DAY_MS,
};

/** What a key has used in a window. */
export interface Count {
  readonly used: number;
  /** How long until the window is over; as long as a whole one where none has begun. */
  readonly leftMs: number;
}

/** By how much each window grows. A negative number takes away. */
export type Points = ReadonlyMap<Window, number>;
export type Counts = ReadonlyMap<Window, Count>;

/**
 * Counts what keys use. A window of a key begins with the first use and lasts a minute or a day. Counters only count, since each
 * key has limits of its own. No method rejects.
 */
export interface KeyCounters extends AsyncDisposable {
  /** Gives the counts of these windows then. */
  add(keyId: string, points: Points): Promise<Counts>;
  read(keyId: string, windows: readonly Window[]): Promise<Counts>;
  /** Lets a request run, unless as many run already. The result ends it; undefined if it was not let in. */
  enter(keyId: string, parallel: number | undefined): Promise<(() => void) | undefined>;
  /** How many run. */
  running(keyId: string): Promise<number>;
}

/** The windows that the limits name. */
export function windowsOf(limits: KeyLimits): readonly (readonly [window: Window, limit: number])[] {
  return WINDOWS.flatMap((window) => {
    const limit = limits[window];
    return limit === undefined ? [] : [[window, limit] as const];
  });
}

export function isOfTokens(window: Window): boolean {
  return window.startsWith("tokens");
}

/** A window that has not begun. */
export function unused(window: Window): Count {
  return { used: 0, leftMs: WINDOW_MS[window] };
}
