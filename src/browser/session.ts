import type { BrowserContext, Page } from "playwright";
import { GatewayError } from "../errors.ts";
import type { PageFetch, Site } from "../site.ts";
import type { BrowserHost } from "./browser-host.ts";
import { visit } from "./challenge.ts";
import { parseCookies } from "./cookies.ts";
import { PageFetcher } from "./page-fetch.ts";
import { within } from "./within.ts";

/** Context, page and cookie calls take milliseconds; a browser that needs this long is stuck. */
const BROWSER_CALL_LIMIT_MS = 10_000;
/** How long a cancelled request may take to leave the page before the page is rebuilt. */
const QUIET_LIMIT_MS = 2_000;

export interface SessionOptions {
  readonly site: Site;
  readonly challengeTimeoutMs: number;
  readonly maxReplyBytes: number;
}

type Cookies = Parameters<BrowserContext["addCookies"]>[0];

/** One credential in the browser: a context with its cookies and a page that stands at the site. */
export class Session implements AsyncDisposable {
  readonly #host: BrowserHost;
  readonly #options: SessionOptions;
  /** The newest that is known: as configured at first, then as the browser holds them, since tokens rotate. */
  #cookies: Cookies;
  #context: BrowserContext | undefined;
  #page: Page | undefined;
  #fetcher: PageFetcher | undefined;
  /** Called when the open page is lost while nobody uses it. */
  onLost: (error: GatewayError) => void = () => {};

  constructor(host: BrowserHost, cookie: string, options: SessionOptions) {
    this.#host = host;
    this.#options = options;
    this.#cookies = parseCookies(cookie, options.site.origin);
  }

  get isOpen(): boolean {
    return this.#fetcher !== undefined;
  }

  /** Runs in this session's page. @throws GatewayError `session_lost` when there is none. */
  readonly fetch: PageFetch = async (request, signal) => {
    if (!this.#fetcher) throw new GatewayError("session_lost", "The session's page is not open.");
    return this.#fetcher.fetch(request, signal);
  };

  /**
   * Opens the page, lets the browser solve a challenge, and asks the site whether it is signed in.
   * @throws GatewayError `site_challenged`, `credential_expired`, `site_unreachable`, `session_lost`, …
   */
  async open(signal: AbortSignal): Promise<void> {
    if (this.#fetcher) return;
    signal.throwIfAborted();
    const { site, challengeTimeoutMs, maxReplyBytes } = this.#options;
    // What a crash left.
    await this.closePage();
    try {
      this.#context ??= await this.#newContext();
      const page = await within(BROWSER_CALL_LIMIT_MS, "open a page", this.#context.newPage());
      this.#page = page;
      await visit(page, new URL(site.homePath, site.origin), challengeTimeoutMs);
      const fetcher = await PageFetcher.open(page, maxReplyBytes);
      this.#watch(page, fetcher);
      this.#fetcher = fetcher;
      const asked = site.isSignedIn(this.fetch, signal);
      if (!(await within(BROWSER_CALL_LIMIT_MS, "ask whether the account is signed in", asked))) {
        throw new GatewayError("credential_expired", "The site says that this account is signed out.");
      }
      await this.keepCookies();
    } catch (cause) {
      await this.closePage();
      throw GatewayError.from(signal.aborted ? signal.reason : cause);
    }
  }

  /** True once no earlier request runs in the page; false means that the page must be rebuilt. */
  async isQuiet(): Promise<boolean> {
    return (await this.#fetcher?.isQuiet(QUIET_LIMIT_MS)) ?? false;
  }

  /** Takes the cookies that the browser holds now, so that a rebuilt context goes on with rotated tokens. */
  async keepCookies(): Promise<void> {
    if (!this.#context) return;
    const cookies = await within(BROWSER_CALL_LIMIT_MS, "read cookies", this.#context.cookies());
    if (cookies.length > 0) this.#cookies = cookies;
  }

  /** Ends what runs in the page and closes it; the context and its cookies stay. Never rejects. */
  async closePage(): Promise<void> {
    const [page, fetcher] = [this.#page, this.#fetcher];
    this.#page = undefined;
    this.#fetcher = undefined;
    fetcher?.lose(new GatewayError("session_lost", "The session's page was closed."));
    if (!page) return;
    try {
      await within(BROWSER_CALL_LIMIT_MS, "close the page", page.close());
    } catch {
      // A page that does not close takes its context along.
      await this.#closeContext();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.closePage();
    await this.#closeContext();
  }

  async #newContext(): Promise<BrowserContext> {
    const browser = await this.#host.browser();
    const context = await within(
      BROWSER_CALL_LIMIT_MS,
      "open a context",
      // The window's real size: an emulated one would not match the screen it reports.
      browser.newContext({ acceptDownloads: false, viewport: null }),
    );
    context.once("close", () => {
      if (this.#context === context) this.#context = undefined;
    });
    await within(BROWSER_CALL_LIMIT_MS, "set cookies", context.addCookies(this.#cookies));
    return context;
  }

  /** A page that a site can block with a dialog or a popup would hang its requests. */
  #watch(page: Page, fetcher: PageFetcher): void {
    page.on("dialog", (dialog) => void dialog.dismiss().catch(() => {}));
    page.on("popup", (popup) => void popup.close().catch(() => {}));
    const onGone = (what: string) => (): void => {
      const error = new GatewayError("session_lost", `The session's page ${what}.`);
      fetcher.lose(error);
      if (this.#fetcher !== fetcher) return;
      this.#fetcher = undefined;
      this.onLost(error);
    };
    page.once("crash", onGone("crashed"));
    page.once("close", onGone("was closed"));
  }

  async #closeContext(): Promise<void> {
    const context = this.#context;
    this.#context = undefined;
    if (!context) return;
    // Nothing is left to do with one that does not close: it goes with its browser.
    await within(BROWSER_CALL_LIMIT_MS, "close the context", context.close()).catch(() => {});
  }
}
