import type { Page } from "playwright";
import { withTimeout } from "../process/with-timeout.ts";

/** A page can make up any number of addresses. */
const MAX_ADDRESSES = 32;
/** The browser tells why a request failed at about the time when the page tells that it failed, and mostly before. */
const TOLD_LIMIT_MS = 200;

/** Why requests failed. The browser knows the reason; the page is not told. */
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

  /** Forgets why earlier requests to this address failed. */
  forget(url: string): void {
    this.#byUrl.delete(url);
  }

  /** What the browser said of the last request to this address, such as `net::ERR_NETWORK_CHANGED`. */
  async of(url: string): Promise<string | undefined> {
    if (!this.#byUrl.has(url)) {
      const told = Promise.withResolvers<void>();
      this.#wake = () => this.#byUrl.has(url) && told.resolve();
      await withTimeout(told.promise, TOLD_LIMIT_MS, () => undefined);
    }
    return this.#byUrl.get(url);
  }
}
