import type { BrowserContext, Page } from "playwright";
import { GatewayError } from "../errors.ts";
import type { Proxy } from "../credentials/proxy.ts";
import type { PageFetch, Site } from "../sites/site.ts";
import type { BrowserSupervisor } from "./browser-supervisor.ts";
import { repeatChallenged, visit } from "./challenge.ts";
import { newContext, OwnPages } from "./own-pages.ts";
import { PageFetcher } from "./page-fetch.ts";
import { ProxySignIn } from "./proxy-sign-in.ts";
import { watchPage } from "./page-watch.ts";
import { assertSignedIn } from "./sign-in-check.ts";
import type { AuthCookies } from "./auth-cookies.ts";
import { RecyclePolicy } from "./recycle-policy.ts";
import { within } from "./within.ts";

/** A page that is in the middle of a navigation may never tell that it closed; its context is quicker to make anew. */
const CLOSE_LIMIT_MS = 3_000;
/** How long a cancelled request may take to leave the page before the page is rebuilt. */
const QUIET_LIMIT_MS = 2_000;

export interface SessionOptions {
  readonly site: Site;
  readonly challengeTimeoutMs: number;
  readonly maxReplyBytes: number;
  /** A page that was asked so often is changed for a new one; each its own, up to a fifth more or less. */
  readonly renewAfterRequests: number;
  /** The way out to the site; the browser's own where there is none. */
  readonly proxy?: Proxy | undefined;
}

interface OpenPage {
  readonly page: Page;
  readonly fetcher: PageFetcher;
  readonly atProxy: ProxySignIn | undefined;
}

/** One account in the browser: a context with its cookies and a page that stands at the site. */
export class Session implements AsyncDisposable {
  readonly #host: BrowserSupervisor;
  readonly #options: SessionOptions;
  readonly authCookies: AuthCookies;
  #context: BrowserContext | undefined;
  #ownPages: OwnPages | undefined;
  #page: Page | undefined;
  #fetcher: PageFetcher | undefined;
  #atProxy: ProxySignIn | undefined;
  #isRenewing = false;
  #sleeping: Promise<void> | undefined;
  /** How many of its pages are on their way out. */
  #closing = 0;
  readonly #wear: RecyclePolicy;
  /** Why its last page was lost, once one was. */
  lostBecause: GatewayError | undefined;
  /** Called when the open page is lost while nobody uses it. */
  onLost: (error: GatewayError) => void = () => {};

  constructor(host: BrowserSupervisor, signIn: AuthCookies, options: SessionOptions) {
    this.#host = host;
    this.authCookies = signIn;
    this.#options = options;
    this.#wear = new RecyclePolicy(options.renewAfterRequests);
  }

  /** Whether it can be used: from the moment on when it goes to sleep it cannot. */
  get isOpen(): boolean {
    return this.#fetcher !== undefined && !this.#sleeping;
  }

  /** Whether it takes a page's memory, one that is on its way out included. */
  get holdsPage(): boolean {
    return this.#fetcher !== undefined || this.#closing > 0;
  }

  /** Runs in this session's page. @throws GatewayError `session_lost` when there is none. */
  readonly fetch: PageFetch = async (request, signal) => {
    if (!this.#fetcher) throw new GatewayError("session_lost", "The session's page is not open.");
    const response = await this.#fetcher.fetch(request, signal);
    this.#atProxy?.assertAccepted(response);
    // Sites give a new token with the answer's head, and a kill in mid-answer takes along what was not stored.
    void this.keepCookies().catch(() => {});
    return response;
  };

  /**
   * Opens the page, lets the browser solve a challenge, and asks the site whether it is signed in. Where that is known,
   * the request that the page is opened for is a round trip sooner there, and would tell as well.
   * @throws GatewayError `site_challenged`, `account_signed_out`, `site_unreachable`, `session_lost`, …
   */
  async open(signal: AbortSignal, { isKnownSignedIn = false } = {}): Promise<void> {
    await this.#sleeping;
    if (this.#fetcher) return;
    signal.throwIfAborted();
    // What a crash left.
    await this.closePage();
    let isNewContext = false;
    try {
      await this.keepCookies().catch(() => this.#closeContext());
      isNewContext = !this.#context;
      this.#context ??= await this.#newContext();
      await this.#take(await this.#openPage(signal, isKnownSignedIn), undefined);
      await this.keepCookies();
    } catch (cause) {
      const failure = GatewayError.from(signal.aborted ? signal.reason : cause);
      // A new context has the last word: sites remove the cookies of an account that they sign out.
      const explained = isNewContext ? failure : await this.explain(failure);
      await this.closePage();
      throw explained;
    }
  }

  /** What really failed: what a site says to a context that lost the account's sign-in tells nothing of the account. */
  async explain(failure: GatewayError): Promise<GatewayError> {
    const { fate } = failure.row;
    if (fate === "keep" || fate === "rebuild") return failure;
    try {
      await this.keepCookies();
      return failure;
    } catch (cause) {
      return GatewayError.from(cause);
    }
  }

  /** @throws GatewayError `account_signed_out`, and whatever kept the site from telling. */
  async checkSignIn(signal: AbortSignal): Promise<void> {
    await this.#checkSignIn(this.fetch, signal).catch(async (cause: unknown) => {
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
   * Finds a page that died or froze without a word, or whose context lost the sign-in, and tells `onLost` then. Keeps a
   * token that the page's own script was given.
   */
  async ping(): Promise<void> {
    const fetcher = this.#fetcher;
    if (!fetcher) return;
    try {
      if (!(await fetcher.isAlive())) throw new GatewayError("session_lost", "The session's page answers no more.");
      await this.keepCookies();
    } catch (cause) {
      const error = GatewayError.from(cause);
      fetcher.lose(error);
      if (this.#fetcher !== fetcher) return;
      await this.closePage();
      this.#tellLost(error);
    }
  }

  /** Whether its page was used so much that a new one is due: by measure, age and uses. */
  async isWorn(): Promise<boolean> {
    const fetcher = this.#fetcher;
    return fetcher !== undefined && !this.#isRenewing && this.#wear.shouldRecycle(fetcher);
  }

  /**
   * Changes the page for a new one, which is ready before the old one goes. Answers under way end on the old one.
   * @throws GatewayError as `open` does; the old page goes on serving then.
   */
  async renew(signal: AbortSignal): Promise<void> {
    const [page, fetcher] = [this.#page, this.#fetcher];
    if (!page || !fetcher || this.#isRenewing) return;
    this.#isRenewing = true;
    try {
      const fresh = await this.#openPage(signal, false);
      // No request may begin between the last look and the change, so nothing is awaited there.
      while (!fetcher.isIdle) await fetcher.whenIdle(signal);
      await this.#take(fresh, fetcher);
      fetcher.lose(new GatewayError("session_lost", "The session's page was renewed."));
      await this.#close(page);
    } finally {
      this.#isRenewing = false;
    }
  }

  /** True once no earlier request runs in the page; false means that the page must be rebuilt. */
  async isQuiet(): Promise<boolean> {
    return (await this.#fetcher?.isQuiet(QUIET_LIMIT_MS)) ?? false;
  }

  /** Takes the cookies that the browser holds now. @throws GatewayError as SignIn.keep does. */
  async keepCookies(): Promise<void> {
    if (this.#context) await this.authCookies.captureFrom(this.#context);
  }

  /**
   * Ends what runs in the page and closes it; the context stays. Never rejects. Where the page does not say that it ended,
   * its context goes as well: a frozen page's requests outlive it by two seconds, a context's end with it.
   */
  async closePage(): Promise<void> {
    const [page, fetcher] = [this.#page, this.#fetcher];
    this.#page = undefined;
    this.#fetcher = undefined;
    const error = new GatewayError("session_lost", "The session's page was closed.");
    this.#closing += 1;
    try {
      if (fetcher && !(await fetcher.end(error))) await this.#closeContext();
      else if (page) await this.#close(page);
    } finally {
      this.#closing -= 1;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.closePage();
    await this.#closeContext();
  }

  /** A page that stands at the site, signed in. */
  #openPage(signal: AbortSignal, isKnownSignedIn: boolean): Promise<OpenPage> {
    const open = (): Promise<OpenPage> => this.#tryPage(signal, isKnownSignedIn);
    return repeatChallenged(open, this.#options.challengeTimeoutMs, signal);
  }

  async #tryPage(signal: AbortSignal, isKnownSignedIn: boolean): Promise<OpenPage> {
    const { site, challengeTimeoutMs, maxReplyBytes, proxy } = this.#options;
    const pages = this.#ownPages;
    if (!this.#context || !pages) throw new GatewayError("session_lost", "The session's context is gone.");
    const page = await pages.open();
    let atProxy: ProxySignIn | undefined;
    try {
      atProxy = proxy && (await ProxySignIn.open(page, proxy));
      const url = new URL(site.homePath, site.origin);
      await visit(page, { url, site, limitMs: challengeTimeoutMs });
      const fetcher = await PageFetcher.open(page, { origin: site.origin, maxReplyBytes });
      this.#watch(page, fetcher);
      if (!isKnownSignedIn) await this.#checkSignIn((request, sign) => fetcher.fetch(request, sign), signal);
      return { page, fetcher, atProxy };
    } catch (cause) {
      await this.#close(page);
      throw atProxy?.refusal ?? cause;
    }
  }

  #checkSignIn(fetch: PageFetch, signal: AbortSignal): Promise<void> {
    return assertSignedIn(this.#options.site, { fetch, keepCookies: () => this.keepCookies() }, signal);
  }

  /**
   * Makes it the session's page in place of the one it was opened to follow.
   * @throws GatewayError `session_lost` when it died since it was opened, which nobody was told of, or when that one went.
   */
  async #take({ page, fetcher, atProxy }: OpenPage, previous: PageFetcher | undefined): Promise<void> {
    if (fetcher.lost || this.#fetcher !== previous) {
      await this.#close(page);
      throw (
        fetcher.lost ?? new GatewayError("session_lost", "The session's page was closed before a new one was ready.")
      );
    }
    this.#page = page;
    this.#fetcher = fetcher;
    this.#atProxy = atProxy;
  }

  async #newContext(): Promise<BrowserContext> {
    const context = await newContext(await this.#host.browser(), this.#options.proxy);
    context.once("close", () => {
      if (this.#context === context) this.#context = undefined;
    });
    this.#ownPages = new OwnPages(context);
    await this.authCookies.applyTo(context);
    return context;
  }

  #watch(page: Page, fetcher: PageFetcher): void {
    watchPage(page, this.#options.site.origin, (error) => {
      fetcher.lose(error);
      if (this.#fetcher !== fetcher) return;
      this.#fetcher = undefined;
      this.#tellLost(error);
    });
  }

  #tellLost(error: GatewayError): void {
    this.lostBecause = error;
    this.onLost(error);
  }

  /** Never rejects. A page that does not close takes its context along. */
  async #close(page: Page): Promise<void> {
    await within(CLOSE_LIMIT_MS, "close the page", page.close()).catch(() => this.#closeContext());
  }

  async #closeContext(): Promise<void> {
    const context = this.#context;
    this.#context = undefined;
    if (!context) return;
    // Nothing is left to do with one that does not close: it goes with its browser.
    await within(CLOSE_LIMIT_MS, "close the context", context.close()).catch(() => {});
  }
}
