import type { AccountEvents } from "./account-event.ts";

interface Rest {
  /** How long all rests together were that are over. */
  totalMs: number;
  /** When the rest began that is not over, on the monotonic clock. */
  sinceMs: number | undefined;
}

/** How long their rate limits have held accounts back since the start. */
export class RestTimes {
  readonly #rests = new Map<string, Rest>();

  constructor(events: AccountEvents) {
    events.subscribe((event) => {
      if (event.kind !== "state") return;
      const rest = this.#rests.get(event.accountId) ?? { totalMs: 0, sinceMs: undefined };
      rest.totalMs = totalOf(rest);
      rest.sinceMs = event.to === "rate_limited" ? performance.now() : undefined;
      if (event.to === "draining") this.#rests.delete(event.accountId);
      else this.#rests.set(event.accountId, rest);
    });
  }

  /** Begins to measure: the result tells how long an account has been held back since, in milliseconds. */
  start(): (accountId: string) => number {
    const before = new Map([...this.#rests].map(([id, rest]) => [id, totalOf(rest)]));
    return (id) => {
      const rest = this.#rests.get(id);
      return rest ? totalOf(rest) - (before.get(id) ?? 0) : 0;
    };
  }
}

function totalOf({ totalMs, sinceMs }: Rest): number {
  return sinceMs === undefined ? totalMs : totalMs + performance.now() - sinceMs;
}
