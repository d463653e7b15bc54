import type { RateReading, RateReadings } from "../dialects/rate-limits.ts";
import { GatewayError } from "../errors.ts";
import type { KeyIdentity, KeyLimits } from "../http/api-keys.ts";
import type { Admission, KeyQuotas } from "../http/key-quotas.ts";
import type { Log } from "../observe/log.ts";
import type { KeyUseStore } from "../store/key-use-store.ts";
import { isOfTokens, KeyCounters, windowsOf, type Count, type Window } from "./key-counters.ts";

export interface MemoryQuotasOptions {
  readonly log: Pick<Log, "warn">;
  /** How often the counts of days are written. */
  readonly writeEveryMs?: number;
}

const WRITE_EVERY_MS = 10_000;
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

/** The limits of keys, counted in memory. What keys used of a day is stored now and then, and when the gateway stops. */
export class MemoryQuotas implements KeyQuotas, AsyncDisposable {
  readonly #store: Pick<KeyUseStore, "save">;
  readonly #log: Pick<Log, "warn">;
  readonly #counters = new KeyCounters();
  /** How many requests run, by key. */
  readonly #running = new Map<string, number>();
  readonly #writing: NodeJS.Timeout;

  private constructor(store: Pick<KeyUseStore, "save">, { log, writeEveryMs = WRITE_EVERY_MS }: MemoryQuotasOptions) {
    this.#store = store;
    this.#log = log;
    this.#writing = setInterval(() => void this.#write(), writeEveryMs).unref();
  }

  /** @throws StoreError when the counts cannot be read. */
  static async open(store: Pick<KeyUseStore, "save" | "all">, options: MemoryQuotasOptions): Promise<MemoryQuotas> {
    const quotas = new MemoryQuotas(store, options);
    quotas.#counters.restore(await store.all());
    return quotas;
  }

  async admit(key: KeyIdentity, countPromptTokens: () => Promise<number>): Promise<Admission | undefined> {
    const { keyId, limits } = key;
    const windows = windowsOf(limits);
    const leave = this.#enter(key);
    try {
      await this.#refuseUsedUp(keyId, windows);
      const hasTokens = windows.some(([window]) => isOfTokens(window));
      const tokens = hasTokens ? await countPromptTokens() : 0;
      const counted = await Promise.all(
        windows.map(async ([window, limit]): Promise<Counted> => {
          const added = isOfTokens(window) ? tokens : 1;
          const count = await this.#counters.add(keyId, window, added);
          return { window, limit, added, count, endsAt: Date.now() + count.leftMs };
        }),
      );
      const over = counted.filter(({ count, limit }) => count.used > limit);
      if (over.length > 0) {
        await Promise.all(counted.map(({ window, added }) => this.#counters.add(keyId, window, -added)));
        const never = over.find(({ added, limit }) => added > limit);
        throw never ? neverFits(never) : refusal(over);
      }
      return { end: leave, charge: (used) => this.#charge(keyId, counted, used - tokens) };
    } catch (cause) {
      leave();
      throw cause;
    }
  }

  async readings({ keyId, limits }: KeyIdentity): Promise<RateReadings> {
    const all = await Promise.all(
      windowsOf(limits).map(async ([window, limit]) => {
        const { used, leftMs } = await this.#counters.read(keyId, window);
        return { window, limit, remaining: Math.max(0, limit - used), resetMs: leftMs };
      }),
    );
    return {
      requests: tightest(all.filter(({ window }) => !isOfTokens(window))),
      tokens: tightest(all.filter(({ window }) => isOfTokens(window))),
    };
  }

  async remaining({ keyId, limits }: KeyIdentity): Promise<Remaining> {
    const left = windowsOf(limits).map(async ([window, limit]) => {
      const { used } = await this.#counters.read(keyId, window);
      return [window, Math.max(0, limit - used)] as const;
    });
    const parallel =
      limits.parallel === undefined ? {} : { parallel: Math.max(0, limits.parallel - this.#runningOf(keyId)) };
    return { ...Object.fromEntries(await Promise.all(left)), ...parallel };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#writing);
    await this.#write();
  }

  /** The result lets another request in. */
  #enter({ keyId, limits: { parallel } }: KeyIdentity): () => void {
    const running = this.#runningOf(keyId);
    if (parallel !== undefined && running >= parallel) {
      const message = `This key may have ${parallel} requests at the same time, and as many are under way.`;
      throw new GatewayError("key_rate_limit_exceeded", message);
    }
    this.#running.set(keyId, running + 1);
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      const others = this.#runningOf(keyId) - 1;
      if (others > 0) this.#running.set(keyId, others);
      else this.#running.delete(keyId);
    };
  }

  /** Before anything is done for the request, such as counting its tokens. */
  async #refuseUsedUp(keyId: string, windows: ReturnType<typeof windowsOf>): Promise<void> {
    const read = windows.map(async ([window, limit]) => {
      return { window, limit, count: await this.#counters.read(keyId, window) };
    });
    const usedUp = (await Promise.all(read)).filter(({ count, limit }) => count.used >= limit);
    if (usedUp.length > 0) throw refusal(usedUp);
  }

  #runningOf(keyId: string): number {
    return this.#running.get(keyId) ?? 0;
  }

  /** What was assumed too much is given back, unless its window is over. */
  async #charge(keyId: string, counted: readonly Counted[], more: number): Promise<void> {
    for (const { window, endsAt } of counted) {
      if (!isOfTokens(window) || more === 0) continue;
      const { leftMs } = await this.#counters.read(keyId, window);
      const isSame = Math.abs(Date.now() + leftMs - endsAt) < SAME_WINDOW_MS;
      if (more > 0 || isSame) await this.#counters.add(keyId, window, more);
    }
  }

  /** Never rejects. */
  async #write(): Promise<void> {
    const counts = this.#counters.takeChanged();
    if (!counts) return;
    await this.#store.save(counts).catch((cause: unknown) => {
      this.#log.warn({ reason: cause instanceof Error ? cause.message : "" }, "what API keys used today is not stored");
    });
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
