import type { PageFetcher } from "./page-fetch.ts";

/** A page's renderer grows by about 16 MB in 1,000 requests, and only closing the page frees that. */
const MAX_GROWTH_BYTES = 64 * 1024 * 1024;
const MAX_AGE_MS = 6 * 3_600_000;
/** Measuring costs a call into the page. */
const MEASURE_EVERY_REQUESTS = 50;

/** What a page was used up by. */
export type WornBy = "requests" | "age" | "memory";

/**
 * Decides when a page is due to be recycled: by memory, age and number of requests. The limits differ by up to a fifth from
 * session to session, so that not all pages are recycled at once.
 */
export class RecyclePolicy {
  readonly #maxRequests: number;
  readonly #maxAgeMs: number;

  constructor(renewAfterRequests: number) {
    const share = 0.8 + 0.4 * Math.random();
    this.#maxRequests = renewAfterRequests * share;
    this.#maxAgeMs = MAX_AGE_MS * share;
  }

  /** Why it is due; undefined while it is not. */
  async dueBecause(page: PageFetcher): Promise<WornBy | undefined> {
    if (page.requests >= this.#maxRequests) return "requests";
    if (performance.now() - page.openedMs >= this.#maxAgeMs) return "age";
    if (page.requests % MEASURE_EVERY_REQUESTS !== 0) return undefined;
    return (await page.health.heapGrowthBytes()) >= MAX_GROWTH_BYTES ? "memory" : undefined;
  }
}
