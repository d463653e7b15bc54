import type { Browser, BrowserContext, Page } from "playwright";
import type { Proxy } from "../credentials/proxy.ts";
import { within } from "./within.ts";

/** Context and page calls take milliseconds; a browser that needs this long is stuck. */
const BROWSER_CALL_LIMIT_MS = 10_000;

/** `proxy`: its own way out, in place of the browser's. @throws GatewayError `session_lost` */
export function newContext(browser: Browser, proxy: Proxy | undefined): Promise<BrowserContext> {
  // The window's real size: an emulated one would not match the screen it reports.
  const way = proxy ? { proxy: { server: proxy.server } } : {};
  const context = browser.newContext({ acceptDownloads: false, viewport: null, ...way });
  return within(BROWSER_CALL_LIMIT_MS, "open a context", context);
}

/**
 * The pages of one context that the gateway opened. Every other one is closed as soon as it is there: popups, with an
 * opener or without, whatever page opens them and whenever.
 */
export class OwnPages {
  readonly #context: BrowserContext;
  readonly #own = new WeakSet<Page>();
  /** Came while a page of ours was on its way, and may be that one. */
  readonly #undecided = new Set<Page>();
  #opening = 0;

  /** To be made before the context has any page. */
  constructor(context: BrowserContext) {
    this.#context = context;
    context.on("page", (page) => {
      this.#undecided.add(page);
      this.#decide();
    });
  }

  /** @throws GatewayError `session_lost` */
  async open(): Promise<Page> {
    this.#opening += 1;
    try {
      const page = await within(BROWSER_CALL_LIMIT_MS, "open a page", this.#context.newPage());
      this.#own.add(page);
      return page;
    } finally {
      this.#opening -= 1;
      this.#decide();
    }
  }

  #decide(): void {
    if (this.#opening > 0) return;
    for (const page of this.#undecided) if (!this.#own.has(page)) void page.close().catch(() => {});
    this.#undecided.clear();
  }
}
