import type { Page } from "playwright";
import type { Proxy } from "../credentials/proxy.ts";
import type { PageFetch, Site } from "../sites/site.ts";
import type { AccountHold } from "./account-hold.ts";
import { repeatChallenged, visit } from "./challenge.ts";
import { PageFetcher } from "./page-fetch.ts";
import { watchPage } from "./page-watch.ts";
import { ProxySignIn } from "./proxy-sign-in.ts";
import type { SessionContext } from "./session-context.ts";
import { SessionPage } from "./session-page.ts";
import { assertSignedIn } from "./sign-in-check.ts";

export interface PageOptions {
  readonly site: Site;
  readonly challengeTimeoutMs: number;
  readonly maxReplyBytes: number;
  /** The account's way out to the site; the browser's own if there is none. */
  readonly proxy?: Proxy | undefined;
  /** Where other replicas could use the account, too. */
  readonly hold?: AccountHold | undefined;
}

export interface SessionOptions extends PageOptions {
  /** After how many requests a page is recycled; each page has its own limit, up to a fifth more or less. */
  readonly renewAfterRequests: number;
}

export interface OpeningOptions {
  /** Skips the sign-in check. */
  readonly isKnownSignedIn: boolean;
  /** Gets a page that did not open as it should, before it closes. Must never reject. */
  readonly onFailed: (page: Page) => Promise<void>;
}

/** Opens an account's pages at the site. */
export class PageOpener {
  readonly #options: PageOptions;
  readonly #keepCookies: () => Promise<void>;

  /** `keepCookies`: stores the tokens that the site hands out during the sign-in check. */
  constructor(options: PageOptions, keepCookies: () => Promise<void>) {
    this.#options = options;
    this.#keepCookies = keepCookies;
  }

  /**
   * Opens a page, lets the browser solve the site's challenge, and checks that the account is signed in.
   * @throws GatewayError `site_challenged`, `account_signed_out`, `site_unreachable`, `session_lost`, …
   */
  open(context: SessionContext, options: Partial<OpeningOptions>, signal: AbortSignal): Promise<SessionPage> {
    const open = (): Promise<SessionPage> => this.#try(context, options, signal);
    return repeatChallenged(open, this.#options.challengeTimeoutMs, signal);
  }

  /** @throws GatewayError `account_signed_out`, and whatever kept the site from telling. */
  checkSignIn(fetch: PageFetch, signal: AbortSignal): Promise<void> {
    return assertSignedIn(this.#options.site, { fetch, keepCookies: this.#keepCookies }, signal);
  }

  async #try(context: SessionContext, options: Partial<OpeningOptions>, signal: AbortSignal): Promise<SessionPage> {
    const { site, challengeTimeoutMs, maxReplyBytes, proxy, hold } = this.#options;
    hold?.assertHeld();
    const page = await context.openPage();
    let proxySignIn: ProxySignIn | undefined;
    try {
      proxySignIn = proxy && (await ProxySignIn.open(page, proxy));
      const url = new URL(site.homePath, site.origin);
      await visit(page, { url, site, limitMs: challengeTimeoutMs });
      const fetcher = await PageFetcher.open(page, { origin: site.origin, maxReplyBytes });
      const opened = new SessionPage({ context, page, fetcher, proxySignIn });
      watchPage(page, site.origin, (error) => opened.lose(error));
      if (!options.isKnownSignedIn) await this.checkSignIn(opened.fetch, signal);
      return opened;
    } catch (cause) {
      await options.onFailed?.(page);
      await context.closePage(page);
      throw proxySignIn?.refusal ?? cause;
    }
  }
}
