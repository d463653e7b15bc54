import type { RequestRecord, RequestSink } from "./request-record.ts";

const BUCKET_MS = 10_000;
const BUCKETS = 360;
const MINUTE_MS = 60_000;
/** How many first tokens a bucket keeps: enough for a median. */
const SAMPLES = 50;
const FIRST_TOKEN_WINDOW_MS = 15 * MINUTE_MS;

interface Bucket {
  /** Counts buckets since the epoch. */
  readonly number: number;
  requests: number;
  failed: number;
  readonly firstTokensMs: number[];
}

/** How much was asked in one minute. `at`: when it began, in Unix time, milliseconds. */
export interface MinuteCount {
  readonly at: number;
  readonly requests: number;
  readonly failed: number;
}

/** What callers asked in the last hour, counted in memory. */
export class LastHour implements RequestSink {
  readonly #buckets: Bucket[] = [];
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  add({ method, route, keyId, code, firstTokenMs }: RequestRecord): void {
    // What callers ask of a model, and not what they or the operator look at.
    if (method !== "POST" || keyId === undefined || !route.startsWith("/v1/")) return;
    const bucket = this.#current();
    bucket.requests += 1;
    if (code !== undefined) bucket.failed += 1;
    if (firstTokenMs !== undefined && bucket.firstTokensMs.length < SAMPLES) bucket.firstTokensMs.push(firstTokenMs);
  }

  /** In the last minute. */
  get perMinute(): { readonly requests: number; readonly failed: number } {
    const recent = this.#since(MINUTE_MS);
    return { requests: sum(recent, "requests"), failed: sum(recent, "failed") };
  }

  /** The median of the last quarter of an hour; undefined where nothing was answered. */
  get firstTokenMs(): number | undefined {
    const samples = this.#since(FIRST_TOKEN_WINDOW_MS).flatMap(({ firstTokensMs }) => firstTokensMs);
    return samples.toSorted((one, other) => one - other)[Math.floor(samples.length / 2)];
  }

  /** The minutes of the hour, oldest first. */
  get minutes(): readonly MinuteCount[] {
    const last = Math.floor(this.#now() / MINUTE_MS);
    const byMinute = Map.groupBy(this.#buckets, ({ number }) => Math.floor((number * BUCKET_MS) / MINUTE_MS));
    return Array.from({ length: 60 }, (_, index) => {
      const minute = last - 59 + index;
      const buckets = byMinute.get(minute) ?? [];
      return { at: minute * MINUTE_MS, requests: sum(buckets, "requests"), failed: sum(buckets, "failed") };
    });
  }

  #current(): Bucket {
    const number = Math.floor(this.#now() / BUCKET_MS);
    const last = this.#buckets.at(-1);
    // A clock that was set back goes on in the last bucket.
    if (last && last.number >= number) return last;
    const bucket = { number, requests: 0, failed: 0, firstTokensMs: [] };
    this.#buckets.push(bucket);
    if (this.#buckets.length > BUCKETS) this.#buckets.shift();
    return bucket;
  }

  #since(windowMs: number): readonly Bucket[] {
    const first = Math.floor((this.#now() - windowMs) / BUCKET_MS);
    return this.#buckets.filter(({ number }) => number > first);
  }
}

function sum(buckets: readonly Bucket[], field: "requests" | "failed"): number {
  return buckets.reduce((total, bucket) => total + bucket[field], 0);
}
