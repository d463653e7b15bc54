import { RateLimiterMemory } from "rate-limiter-flexible";
import type { KeyLimits } from "../http/api-keys.ts";
import type { StoredKeyUse } from "../store/key-use-store.ts";

const WINDOWS = ["requestsPerMinute", "requestsPerDay", "tokensPerMinute", "tokensPerDay"] as const;
export type Window = (typeof WINDOWS)[number];

/** Counts of days outlive a restart. */
const KEPT_WINDOWS = ["requestsPerDay", "tokensPerDay"] as const satisfies readonly Window[];

const MINUTE_SECONDS = 60;
const DAY_SECONDS = 86_400;
const SECONDS: Readonly<Record<Window, number>> = {
  requestsPerMinute: MINUTE_SECONDS,
  requestsPerDay: DAY_SECONDS,
  tokensPerMinute: MINUTE_SECONDS,
  tokensPerDay: DAY_SECONDS,
};

/** What a key has used in a window. */
export interface Count {
  readonly used: number;
  /** How long until the window is over; as long as a whole one where none has begun. */
  readonly leftMs: number;
}

/**
 * Counts what keys use. A window of a key begins with the first use and lasts a minute or a day. The counts are in memory,
 * since each request changes several; they only count, since each key has limits of its own.
 */
export class KeyCounters {
  readonly #limiters: Readonly<Record<Window, RateLimiterMemory>>;
  /** Whether what is kept has changed. */
  #isChanged = false;

  constructor() {
    const limiterOf = (window: Window) =>
      [window, new RateLimiterMemory({ points: Number.MAX_SAFE_INTEGER, duration: SECONDS[window] })] as const;
    this.#limiters = Object.fromEntries(WINDOWS.map(limiterOf)) as Record<Window, RateLimiterMemory>;
  }

  /** Adds to the count, and returns it. A negative number takes away. */
  async add(keyId: string, window: Window, points: number): Promise<Count> {
    const limiter = this.#limiters[window];
    this.#isChanged ||= (KEPT_WINDOWS as readonly Window[]).includes(window);
    const { consumedPoints, msBeforeNext } = await limiter.penalty(keyId, points);
    return { used: consumedPoints, leftMs: msBeforeNext };
  }

  async read(keyId: string, window: Window): Promise<Count> {
    const counted = await this.#limiters[window].get(keyId);
    if (!counted || counted.msBeforeNext <= 0) return { used: 0, leftMs: SECONDS[window] * 1000 };
    return { used: Math.max(0, counted.consumedPoints), leftMs: counted.msBeforeNext };
  }

  /** The counts to keep; undefined if nothing has changed since the last call. */
  takeChanged(): readonly StoredKeyUse[] | undefined {
    if (!this.#isChanged) return undefined;
    this.#isChanged = false;
    return KEPT_WINDOWS.flatMap((window) =>
      this.#limiters[window].dump().storage.map(({ key, value, expiresAt }) => {
        return { keyId: String(key), window, used: value, endsAt: expiresAt ?? 0 };
      }),
    );
  }

  /** Counts go on from here; windows that are over are left out. */
  restore(counts: readonly StoredKeyUse[]): void {
    for (const window of KEPT_WINDOWS) {
      const storage = counts
        .filter((count) => count.window === window)
        .map(({ keyId, used, endsAt }) => ({ key: keyId, value: used, expiresAt: endsAt }));
      this.#limiters[window].restore({ version: 1, storage });
    }
  }
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
