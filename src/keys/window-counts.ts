import { RateLimiterMemory } from "rate-limiter-flexible";
import type { StoredKeyUse } from "../store/key-use-store.ts";
import { unused, WINDOW_MS, type Count, type Counts, type Points, type Window } from "./windows.ts";

/** Counts of days outlive a restart. */
const KEPT_WINDOWS = ["requestsPerDay", "tokensPerDay"] as const satisfies readonly Window[];
const WINDOWS = Object.keys(WINDOW_MS) as Window[];

/** The counts of windows, in memory. */
export class WindowCounts {
  readonly #limiters: Readonly<Record<Window, RateLimiterMemory>>;
  /** Whether what is kept has changed. */
  #isChanged = false;

  constructor() {
    this.#limiters = Object.fromEntries(WINDOWS.map(limiterOf)) as Record<Window, RateLimiterMemory>;
  }

  async add(keyId: string, points: Points): Promise<Counts> {
    const counted = [...points].map(async ([window, added]) => {
      this.#isChanged ||= (KEPT_WINDOWS as readonly Window[]).includes(window);
      const { consumedPoints, msBeforeNext } = await this.#limiters[window].penalty(keyId, added);
      return [window, { used: consumedPoints, leftMs: msBeforeNext }] as const;
    });
    return new Map(await Promise.all(counted));
  }

  async read(keyId: string, windows: readonly Window[]): Promise<Counts> {
    const counted = windows.map(async (window) => {
      const count = await this.#limiters[window].get(keyId);
      if (!count || count.msBeforeNext <= 0) return [window, unused(window)] as const;
      return [window, { used: Math.max(0, count.consumedPoints), leftMs: count.msBeforeNext }] as const;
    });
    return new Map(await Promise.all(counted));
  }

  /** Counts on from here. */
  async set(keyId: string, window: Window, { used, leftMs }: Count): Promise<void> {
    await this.#limiters[window].set(keyId, used, Math.max(1, leftMs) / 1000);
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

function limiterOf(window: Window): readonly [Window, RateLimiterMemory] {
  return [window, new RateLimiterMemory({ points: Number.MAX_SAFE_INTEGER, duration: WINDOW_MS[window] / 1000 })];
}
