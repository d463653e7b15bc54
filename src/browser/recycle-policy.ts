import type { PageFetcher } from "./page-fetch.ts";

/** A page's renderer grows by about 16 MB in 1,000 requests, and only closing the page gives that back. */
const MAX_GROWTH_BYTES = 64 * 1024 * 1024;
const MAX_AGE_MS = 6 * 3_600_000;
/** Weighing costs a call into the page. */
const WEIGH_EVERY_REQUESTS = 50;

/**
 * When a session's page was used so much that a new one is due: by measure, age and uses. Each session's own limits lie up
 * to a fifth off the usual ones, so that not all pages are renewed at once.
 */
export class RecyclePolicy {
  readonly #maxRequests: number;
  readonly #maxAgeMs: number;

  constructor(renewAfterRequests: number) {
    const share = 0.8 + 0.4 * Math.random();
    this.#maxRequests = renewAfterRequests * share;
    this.#maxAgeMs = MAX_AGE_MS * share;
  }

  async shouldRecycle(page: PageFetcher): Promise<boolean> {
    if (page.requests >= this.#maxRequests || performance.now() - page.openedMs >= this.#maxAgeMs) return true;
    return page.requests % WEIGH_EVERY_REQUESTS === 0 && (await page.heapGrowthBytes()) >= MAX_GROWTH_BYTES;
  }
}
