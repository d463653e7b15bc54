import type { Page } from "playwright";
import { GatewayError } from "../errors.ts";
import type { PageFetchParameters } from "./account-hold.ts";
import { evidenceOf, type PageEvidence } from "./page-evidence.ts";
import type { PageFetcher } from "./page-fetch.ts";
import type { ProxySignIn } from "./proxy-sign-in.ts";
import type { SessionContext } from "./session-context.ts";

export interface SessionPageParts {
  readonly context: SessionContext;
  readonly page: Page;
  readonly fetcher: PageFetcher;
  readonly proxySignIn: ProxySignIn | undefined;
}

/** A page that shows the site. Requests are sent from inside it. */
export class SessionPage {
  readonly #parts: SessionPageParts;
  readonly fetcher: PageFetcher;
  readonly context: SessionContext;
  /** Whether it crashed, was closed, or left the site. */
  isLost = false;
  /** Called once, when it is lost. */
  onLost: (error: GatewayError) => void = () => {};

  constructor(parts: SessionPageParts) {
    this.#parts = parts;
    this.fetcher = parts.fetcher;
    this.context = parts.context;
  }

  /** @throws GatewayError `session_lost` when the proxy answers instead of the site; what `PageFetcher.fetch` throws. */
  readonly fetch = async (...request: PageFetchParameters) => {
    const response = await this.fetcher.fetch(...request);
    this.#parts.proxySignIn?.assertAccepted(response);
    return response;
  };

  /** What it shows now, or showed last. Never rejects. */
  evidence(): Promise<PageEvidence> {
    return evidenceOf(this.#parts.page, { console: this.fetcher.console.lines, isLost: this.isLost });
  }

  /** Every request that runs in it fails with this. */
  lose(error: GatewayError): void {
    if (this.isLost) return;
    this.isLost = true;
    this.fetcher.lose(error);
    this.onLost(error);
  }

  /**
   * Ends what runs in the page, then closes it. Never rejects. If the page does not confirm that it stopped, its context
   * closes as well: requests of a frozen page survive the page by two seconds, but not the context.
   */
  async end(): Promise<void> {
    const closed = new GatewayError("session_lost", "The session's page was closed.");
    const hasStopped = this.isLost || (await this.fetcher.end(closed));
    await (hasStopped ? this.close() : this.context.close());
  }

  /** Closes it as it is. Never rejects. */
  async close(): Promise<void> {
    await this.context.closePage(this.#parts.page);
  }
}
