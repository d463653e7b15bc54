import type { Browser, BrowserContext, Page } from "playwright";
import type { PastedStorage } from "../credentials/paste.ts";
import type { Proxy } from "../credentials/proxy.ts";
import type { AuthCookies } from "./auth-cookies.ts";
import { browserCall } from "./browser-call.ts";
import { OwnPages } from "./own-pages.ts";

/** A context opens in milliseconds; a browser that needs this long is stuck. */
const OPEN_LIMIT_MS = 10_000;
/** Calls for a whole context take milliseconds. */
const CONTEXT_CALL_LIMIT_MS = 5_000;
/** A page in the middle of a navigation may never report that it closed. A new context is quicker than a longer wait. */
const CLOSE_LIMIT_MS = 3_000;

/** An account's private context in the browser, signed in with its cookies. */
export class SessionContext {
  readonly #context: BrowserContext;
  readonly #ownPages: OwnPages;
  #isClosed = false;

  private constructor(context: BrowserContext) {
    this.#context = context;
    this.#ownPages = new OwnPages(context);
    context.once("close", () => (this.#isClosed = true));
  }

  /** `proxy`: the account's own; without one the browser's way out is used. @throws GatewayError `session_lost` */
  static async open(browser: Browser, cookies: AuthCookies, proxy: Proxy | undefined): Promise<SessionContext> {
    const way = proxy ? { proxy: { server: proxy.server } } : {};
    // The window's real size: an emulated one would not match the screen that the browser reports.
    const opening = browser.newContext({ acceptDownloads: false, viewport: null, ...way });
    const context = new SessionContext(await browserCall(OPEN_LIMIT_MS, "open a context", opening));
    try {
      await cookies.applyTo(context.#context);
      return context;
    } catch (cause) {
      await context.close();
      throw cause;
    }
  }

  /** True from the moment on when it begins to close. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** A person uses its pages. */
  get isOperated(): boolean {
    return !this.#isClosed && this.#ownPages.areFollowed;
  }

  /** @throws GatewayError `session_lost` */
  openPage(): Promise<Page> {
    return this.#ownPages.open();
  }

  /** Until the result is disposed, `take` gets the pages that others open, and they stay. */
  followPages(take: (page: Page) => void): Disposable {
    return this.#ownPages.follow(take);
  }

  /** Until the result is disposed, pages are refused what they would ask a person for. @throws GatewayError `session_lost` */
  async refusePermissions(): Promise<AsyncDisposable> {
    const refused = this.#context.grantPermissions([]);
    await browserCall(CONTEXT_CALL_LIMIT_MS, "refuse permissions", refused);
    const reset = (): Promise<void> =>
      browserCall(CONTEXT_CALL_LIMIT_MS, "reset permissions", this.#context.clearPermissions());
    return { [Symbol.asyncDispose]: reset };
  }

  /** All cookies, for comparing them. They are secrets. @throws GatewayError `session_lost` */
  async cookieText(): Promise<string> {
    return JSON.stringify(await browserCall(CONTEXT_CALL_LIMIT_MS, "read cookies", this.#context.cookies()));
  }

  /** What pages of this origin keep in localStorage. @throws GatewayError `session_lost` */
  async storageOf({ origin }: URL): Promise<readonly PastedStorage[]> {
    const read = this.#context.storageState();
    const { origins } = await browserCall(CONTEXT_CALL_LIMIT_MS, "read localStorage", read);
    return origins.filter((one) => one.origin === origin);
  }

  /** Stores the cookies that the context holds now. @throws as `AuthCookies.captureFrom` does. */
  async captureCookies(cookies: AuthCookies): Promise<void> {
    if (!this.#isClosed) await cookies.captureFrom(this.#context);
  }

  /** Never rejects. If the page does not close, the whole context does. */
  async closePage(page: Page): Promise<void> {
    await browserCall(CLOSE_LIMIT_MS, "close the page", page.close()).catch(() => this.close());
  }

  /** Never rejects. A context that does not close in time ends with its browser. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await browserCall(CLOSE_LIMIT_MS, "close the context", this.#context.close()).catch(() => {});
  }
}
