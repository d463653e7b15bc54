import type { RateReading, RateReadings } from "../dialects/rate-limits.ts";
import { GatewayError } from "../errors.ts";
import type { KeyIdentity, KeyLimits } from "../http/api-keys.ts";
import type { Admission, KeyQuotas } from "../http/key-quotas.ts";
import { isOfTokens, windowsOf, type Count, type Counts, type KeyCounters, type Window } from "./windows.ts";

/** Two readings of one window's end differ by less. */
const SAME_WINDOW_MS = 1_000;

const NAMES: Readonly<Record<Window, string>> = {
  requestsPerMinute: "requests per minute",
  requestsPerDay: "requests per day",
  tokensPerMinute: "tokens per minute",
  tokensPerDay: "tokens per day",
};

/** What a key may still use, by the names of its limits. */
export type Remaining = { readonly [Kind in keyof KeyLimits]: number };

interface Counted {
  readonly window: Window;
  readonly limit: number;
  readonly added: number;
  readonly count: Count;
  /** In Unix time, milliseconds. */
  readonly endsAt: number;
}

type Limits = ReturnType<typeof windowsOf>;

/** The limits of keys, as counters count what keys use. */
export class Quotas implements KeyQuotas {
  readonly #counters: KeyCounters;
  /** As the last admission of a key found them. */
  readonly #seen = new WeakMap<KeyIdentity, Counts>();

  constructor(counters: KeyCounters) {
    this.#counters = counters;
  }

  async admit(key: KeyIdentity, countPromptTokens: () => Promise<number>): Promise<Admission | undefined> {
    const { keyId, limits } = key;
    const windows = windowsOf(limits);
    const leave = await this.#enter(key);
    try {
      const hasTokens = windows.some(([window]) => isOfTokens(window));
      // Before anything is done for the request, such as counting its tokens.
      if (hasTokens) await this.#refuseUsedUp(keyId, windows);
      const tokens = hasTokens ? await countPromptTokens() : 0;
      const counted = await this.#count(key, windows, tokens);
      const over = counted.filter(({ count, limit }) => count.used > limit);
      if (over.length > 0) {
        const back = new Map(counted.map(({ window, added }) => [window, -added] as const));
        this.#seen.set(key, await this.#counters.add(keyId, back));
        const never = over.find(({ added, limit }) => added > limit);
        throw never ? neverFits(never) : refusal(over);
      }
      return { end: leave, charge: (used) => this.#charge(keyId, counted, used - tokens) };
    } catch (cause) {
      leave();
      throw cause;
    }
  }

  async readings(key: KeyIdentity): Promise<RateReadings> {
    const windows = windowsOf(key.limits);
    const counts = this.#seen.get(key) ?? (await this.#read(key.keyId, windows));
    this.#seen.delete(key);
    const all = windows.flatMap(([window, limit]) => {
      const count = counts.get(window);
      if (!count) return [];
      return [{ window, limit, remaining: Math.max(0, limit - count.used), resetMs: count.leftMs }];
    });
    return {
      requests: tightest(all.filter(({ window }) => !isOfTokens(window))),
      tokens: tightest(all.filter(({ window }) => isOfTokens(window))),
    };
  }

  async remaining({ keyId, limits }: KeyIdentity): Promise<Remaining> {
    const windows = windowsOf(limits);
    const counts = windows.length > 0 ? await this.#read(keyId, windows) : new Map<Window, Count>();
    const left = windows.map(([window, limit]) => [window, Math.max(0, limit - (counts.get(window)?.used ?? 0))]);
    if (limits.parallel === undefined) return Object.fromEntries(left) as Remaining;
    const running = await this.#counters.running(keyId);
    return { ...Object.fromEntries(left), parallel: Math.max(0, limits.parallel - running) };
  }

  /** The result lets another request in. */
  async #enter({ keyId, limits: { parallel } }: KeyIdentity): Promise<() => void> {
    const leave = await this.#counters.enter(keyId, parallel);
    if (leave) return leave;
    const message = `This key may have ${parallel} requests at the same time, and as many are under way.`;
    throw new GatewayError("key_rate_limit_exceeded", message);
  }

  async #refuseUsedUp(keyId: string, windows: Limits): Promise<void> {
    const counts = await this.#read(keyId, windows);
    const usedUp = windows.flatMap(([window, limit]) => {
      const count = counts.get(window);
      return count && count.used >= limit ? [{ window, limit, count }] : [];
    });
    if (usedUp.length > 0) throw refusal(usedUp);
  }

  async #count(key: KeyIdentity, windows: Limits, tokens: number): Promise<readonly Counted[]> {
    if (windows.length === 0) return [];
    const points = new Map(windows.map(([window]) => [window, isOfTokens(window) ? tokens : 1] as const));
    const counts = await this.#counters.add(key.keyId, points);
    this.#seen.set(key, counts);
    const now = Date.now();
    return windows.flatMap(([window, limit]) => {
      const count = counts.get(window);
      return count ? [{ window, limit, added: points.get(window) ?? 0, count, endsAt: now + count.leftMs }] : [];
    });
  }

  #read(keyId: string, windows: Limits): Promise<Counts> {
    return this.#counters.read(
      keyId,
      windows.map(([window]) => window),
    );
  }

  /** What was assumed too much is given back, unless its window is over. */
  async #charge(keyId: string, counted: readonly Counted[], more: number): Promise<void> {
    const ofTokens = counted.filter(({ window }) => isOfTokens(window));
    if (ofTokens.length === 0 || more === 0) return;
    const counts =
      more > 0
        ? undefined
        : await this.#read(
            keyId,
            ofTokens.map(({ window, limit }) => [window, limit]),
          );
    const due = ofTokens.filter(({ window, endsAt }) => {
      const leftMs = counts?.get(window)?.leftMs ?? 0;
      return more > 0 || Math.abs(Date.now() + leftMs - endsAt) < SAME_WINDOW_MS;
    });
    if (due.length > 0) await this.#counters.add(keyId, new Map(due.map(({ window }) => [window, more] as const)));
  }
}

/** The one that leaves least. */
function tightest(readings: readonly RateReading[]): RateReading | undefined {
  return readings.toSorted((one, other) => one.remaining - other.remaining || other.resetMs - one.resetMs)[0];
}

function refusal(reached: readonly Pick<Counted, "window" | "limit" | "count">[]): GatewayError {
  const limits = reached.map(({ window, limit }) => `${limit} ${NAMES[window]}`).join(" and ");
  const retryAfterMs = Math.max(...reached.map(({ count }) => count.leftMs));
  return new GatewayError("key_rate_limit_exceeded", `This key may use ${limits}.`, { retryAfterMs });
}

function neverFits({ window, added, limit }: Counted): GatewayError {
  const message = `The prompt has ${added} tokens, and this key may use ${limit} ${NAMES[window]}.`;
  return new GatewayError("prompt_exceeds_key_limit", message);
}
