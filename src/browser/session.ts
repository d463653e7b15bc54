import { GatewayError } from "../errors.ts";
import type { PageFetchParameters } from "./account-hold.ts";
import type { AuthCookies } from "./auth-cookies.ts";
import type { BrowserSupervisor } from "./browser-supervisor.ts";
import type { PageEvidence } from "./page-evidence.ts";
import { PageOpener, type OpeningOptions, type SessionOptions } from "./page-opener.ts";
import { RecyclePolicy, type WornBy } from "./recycle-policy.ts";
import { SessionContext } from "./session-context.ts";
import type { SessionPage } from "./session-page.ts";

/** One account in the browser: a context with its cookies, and a page that shows the site. */
export class Session implements AsyncDisposable {
  readonly #supervisor: BrowserSupervisor;
  readonly options: SessionOptions;
  readonly #opener: PageOpener;
  readonly #recyclePolicy: RecyclePolicy;
  readonly authCookies: AuthCookies;
  #context: SessionContext | undefined;
  /** The page that was opened last, until it is closed; it may be lost. */
  #page: SessionPage | undefined;
  #isRecycling = false;
  #sleeping: Promise<void> | undefined;
  /** How many pages are being closed. */
  #closing = 0;
  /** Why its last page was lost, if one was. */
  lostBecause: GatewayError | undefined;
  /** Called when the open page is lost while nobody uses it. */
  onLost: (error: GatewayError) => void = () => {};

  constructor(supervisor: BrowserSupervisor, authCookies: AuthCookies, options: SessionOptions) {
    this.#supervisor = supervisor;
    this.authCookies = authCookies;
    this.options = options;
    this.#opener = new PageOpener(options, () => this.keepCookies());
    this.#recyclePolicy = new RecyclePolicy(options.renewAfterRequests);
  }

  /** Whether it can be used. False as soon as it begins to go to sleep. */
  get isOpen(): boolean {
    return this.#usablePage !== undefined && !this.#sleeping;
  }

  /** Whether it takes the memory of a page, which may be one that is being closed. */
  get holdsPage(): boolean {
    return this.#usablePage !== undefined || this.#closing > 0 || this.#context?.isOperated === true;
  }

  /** Sends a request from inside the session's page. @throws GatewayError `session_lost` when there is no page. */
  readonly fetch = async (...[request, signal, validity]: PageFetchParameters) => {
    this.options.hold?.assertHeld();
    const page = this.#usablePage;
    if (!page) throw new GatewayError("session_lost", "The session's page is not open.");
    const response = await page.fetch(request, signal, validity);
    // Sites send a new token with the head of the answer. A crash during the answer would lose a token that is not stored.
    void this.keepCookies().catch(() => {});
    return response;
  };

  /**
   * Opens the page as `PageOpener.open` does. If the account is known to be signed in, skipping the check saves a round
   * trip, and the request itself would fail otherwise.
   * @throws GatewayError `site_challenged`, `account_signed_out`, `site_unreachable`, `session_lost`, …
   */
  async open(signal: AbortSignal, options: Partial<OpeningOptions> = {}): Promise<void> {
    await this.#sleeping;
    if (this.#usablePage) return;
    signal.throwIfAborted();
    let isNewContext = true;
    try {
      const before = this.#context;
      const context = await this.emptyContext();
      isNewContext = context !== before;
      await this.#use(await this.#opener.open(context, options, signal), undefined);
      await this.keepCookies();
    } catch (cause) {
      const failure = GatewayError.from(signal.aborted ? signal.reason : cause);
      // A new context starts with all cookies. If they are gone, the site removed them by signing the account out.
      const explained = isNewContext ? failure : await this.explain(failure);
      await this.closePage();
      throw explained;
    }
  }

  /** Its context without a page; a new one with the newest cookies where the old one lost the sign-in. @throws GatewayError */
  async emptyContext(): Promise<SessionContext> {
    await this.closePage();
    await this.keepCookies().catch(() => this.#context?.close());
    if (this.#context && !this.#context.isClosed) return this.#context;
    const browser = await this.#supervisor.browser();
    return (this.#context = await SessionContext.open(browser, this.authCookies, this.options.proxy));
  }

  /** The real reason of a failure: if the context lost the cookies, the site's answer says nothing about the account. */
  async explain(failure: GatewayError): Promise<GatewayError> {
    if (["keep", "rebuild"].includes(failure.row.fate)) return failure;
    try {
      await this.keepCookies();
      return failure;
    } catch (cause) {
      return GatewayError.from(cause);
    }
  }

  /** @throws GatewayError `account_signed_out`, and whatever kept the site from telling. */
  async checkSignIn(signal: AbortSignal): Promise<void> {
    await this.#opener.checkSignIn(this.fetch, signal).catch(async (cause: unknown) => {
      throw await this.explain(GatewayError.from(cause));
    });
    await this.keepCookies();
  }

  /** Closes the page until it is needed; the context keeps its cookies. Never rejects. */
  async sleep(): Promise<void> {
    this.#sleeping ??= this.keepCookies()
      .catch(() => {})
      .then(() => this.closePage())
      .finally(() => (this.#sleeping = undefined));
    await this.#sleeping;
  }

  /**
   * Calls `onLost` if the page died or froze unnoticed, or its context lost the cookies. Stores a token that the page's
   * own script received.
   */
  async ping(): Promise<void> {
    const page = this.#usablePage;
    if (!page) return;
    try {
      if (!(await page.fetcher.health.isAlive()))
        throw new GatewayError("session_lost", "The session's page answers no more.");
      await this.keepCookies();
    } catch (cause) {
      const error = GatewayError.from(cause);
      page.fetcher.lose(error);
      if (this.#usablePage !== page) return;
      await this.closePage();
      this.#reportLoss(error);
    }
  }

  /** Why a new page is due, if the page was used that much. */
  async wornBy(): Promise<WornBy | undefined> {
    const page = this.#usablePage;
    return page === undefined || this.#isRecycling ? undefined : this.#recyclePolicy.dueBecause(page.fetcher);
  }

  /**
   * Replaces the page with a new one, which is ready before the old one closes. Running answers end on the old one.
   * @throws GatewayError as `open` does; the old page stays in use then.
   */
  async recycle(signal: AbortSignal): Promise<void> {
    const old = this.#usablePage;
    if (!old || this.#isRecycling) return;
    this.#isRecycling = true;
    try {
      const fresh = await this.#opener.open(old.context, { isKnownSignedIn: false }, signal);
      // No request may begin between the last look and the change, so nothing is awaited there.
      while (!old.fetcher.isIdle) {
        await old.fetcher.whenIdle(signal).catch((cause: unknown) => fresh.close().then(() => Promise.reject(cause)));
      }
      await this.#use(fresh, old);
      old.fetcher.lose(new GatewayError("session_lost", "The session's page was recycled."));
      await old.close();
    } finally {
      this.#isRecycling = false;
    }
  }

  /** What its page shows now, or showed last; undefined without a page. Never rejects. */
  readonly evidence = async (): Promise<PageEvidence | undefined> => this.#page?.evidence();

  /** True once no earlier request runs in the page; false means that the page must be rebuilt. */
  async isQuiet(): Promise<boolean> {
    return (await this.#usablePage?.fetcher.isQuiet()) ?? false;
  }

  /** Stores the cookies that the browser holds now. @throws GatewayError as `AuthCookies.captureFrom` does. */
  async keepCookies(): Promise<void> {
    await this.#context?.captureCookies(this.authCookies);
  }

  /** Ends what runs in the page and closes it; the context stays, unless the page is stuck. Never rejects. */
  async closePage(): Promise<void> {
    const page = this.#page;
    this.#page = undefined;
    this.#closing += 1;
    if (page) await page.end();
    this.#closing -= 1;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.closePage();
    await this.#context?.close();
  }

  get #usablePage(): SessionPage | undefined {
    return this.#page?.isLost ? undefined : this.#page;
  }

  /**
   * Puts a page into use in place of `previous`.
   * @throws GatewayError `session_lost` when the page died since it was opened, or `previous` is not in use any more.
   */
  async #use(page: SessionPage, previous: SessionPage | undefined): Promise<void> {
    const { lost } = page.fetcher;
    if (lost || this.#usablePage !== previous) {
      await page.close();
      throw lost ?? new GatewayError("session_lost", "The session's page was closed before a new one was ready.");
    }
    page.onLost = (error) => {
      if (this.#page === page) this.#reportLoss(error);
    };
    this.#page = page;
  }

  #reportLoss(error: GatewayError): void {
    this.lostBecause = error;
    this.onLost(error);
  }
}
