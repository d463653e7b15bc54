import type { Page } from "playwright";

/** A page's own addresses are without end. */
const MAX_ADDRESSES = 32;
/** The browser tells why a request failed about when the page tells that it did, mostly before. */
const TOLD_LIMIT_MS = 200;

/** Why requests failed: a page is not told, and the browser is. */
export class RequestFailures {
  readonly #byUrl = new Map<string, string>();
  #wake: () => void = () => {};

  constructor(page: Page, origin: URL) {
    page.on("requestfailed", (request) => {
      const url = request.url();
      const text = request.failure()?.errorText;
      if (text === undefined || URL.parse(url)?.origin !== origin.origin) return;
      if (this.#byUrl.size >= MAX_ADDRESSES) this.#byUrl.clear();
      this.#byUrl.set(url, text);
      this.#wake();
    });
  }

  /** Forgets what befell earlier requests to this address. */
  forget(url: string): void {
    this.#byUrl.delete(url);
  }

  /** What the browser said of the last request to this address, such as `net::ERR_NETWORK_CHANGED`. */
  async of(url: string): Promise<string | undefined> {
    if (!this.#byUrl.has(url)) {
      const told = Promise.withResolvers<void>();
      const timer = setTimeout(told.resolve, TOLD_LIMIT_MS);
      this.#wake = () => this.#byUrl.has(url) && told.resolve();
      await told.promise;
      clearTimeout(timer);
    }
    return this.#byUrl.get(url);
  }
}
