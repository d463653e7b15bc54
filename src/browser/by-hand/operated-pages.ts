import type { Page } from "playwright";
import type { PastedStorage } from "../../credentials/paste.ts";
import { GatewayError } from "../../errors.ts";
import { isAt } from "../address.ts";
import { ProxySignIn } from "../proxy-sign-in.ts";
import type { SessionContext } from "../session-context.ts";
import type { Session } from "../session.ts";
import { assertSignedIn } from "../sign-in-check.ts";
import { OperatedTab, type OpenDialog, type Refusal } from "./operated-tab.ts";
import { Screencast, type Picture } from "./screencast.ts";

/** More pop-ups than any sign-in opens. */
const MAX_TABS = 6;
const LOAD_LIMIT_MS = 30_000;

/** What a person sees of the pages. */
export interface PagesEvents {
  /** Tabs came, went or have another title, or another one is shown. */
  readonly onTabs: () => void;
  /** A picture of the shown tab; resolves when the next one may come. Never rejects. */
  readonly onPicture: (tab: number, picture: Picture) => Promise<void>;
  /** The dialog of the shown tab; undefined when it is closed. */
  readonly onDialog: (dialog: OpenDialog | undefined) => void;
  readonly onRefused: (refusal: Refusal | "popup_limit") => void;
  /** Something happened after which the account may be signed in. */
  readonly onProgress: () => void;
  /** No page is left. */
  readonly onGone: () => void;
}

export interface OperatedPagesParts {
  /** Nobody else may use it meanwhile. */
  readonly session: Session;
  /** Where it begins, below the site's origin. */
  readonly startPath: string;
  readonly events: PagesEvents;
}

/**
 * The pages of a session while a person uses them. Pop-ups stay open and become tabs. Disposing it closes all of them; the
 * session's context stays.
 */
export class OperatedPages implements AsyncDisposable {
  readonly #parts: OperatedPagesParts;
  readonly #context: SessionContext;
  readonly #tabs: OperatedTab[] = [];
  readonly #restored = new AsyncDisposableStack();
  #shown: OperatedTab | undefined;
  #screencast: Promise<Screencast | undefined> = Promise.resolve(undefined);
  #lastId = 0;
  #cookies = "";
  #isOver = false;

  private constructor(context: SessionContext, parts: OperatedPagesParts) {
    this.#context = context;
    this.#parts = parts;
  }

  /** Opens the first tab and begins to load its page. @throws GatewayError `session_lost`, `browser_unavailable` */
  static async open(parts: OperatedPagesParts): Promise<OperatedPages> {
    const context = await parts.session.emptyContext();
    const pages = new OperatedPages(context, parts);
    try {
      pages.#restored.use(await context.refusePermissions());
      pages.#restored.use(context.followPages((page) => void pages.#add(page, true)));
      await pages.#add(await context.openPage(), false);
      pages.go("start");
      return pages;
    } catch (cause) {
      await pages[Symbol.asyncDispose]();
      throw cause;
    }
  }

  get tabs(): readonly OperatedTab[] {
    return this.#tabs;
  }

  /** The tab that is shown and gets the input. */
  get shown(): OperatedTab | undefined {
    return this.#shown;
  }

  /** Shows another tab. Nothing happens if there is none with this number. */
  select(id: number): void {
    const tab = this.#tabs.find((one) => one.id === id);
    if (tab && tab !== this.#shown) this.#show(tab);
  }

  /** Closes a pop-up; the first tab stays. */
  close(id: number): void {
    const tab = this.#tabs.find((one) => one.id === id);
    if (tab?.isPopup) void this.#context.closePage(tab.page);
  }

  /** Moves the shown tab. What does not load shows the browser's own error page. */
  go(to: "back" | "reload" | "start"): void {
    const page = this.#shown?.page;
    if (!page) return;
    const { session, startPath } = this.#parts;
    const options = { waitUntil: "commit", timeout: LOAD_LIMIT_MS } as const;
    const gone =
      to === "back"
        ? page.goBack(options)
        : to === "reload"
          ? page.reload(options)
          : page.goto(new URL(startPath, session.options.site.origin).href, options);
    gone.catch(() => {});
  }

  /** Reads the titles again, and reports progress if the cookies changed. Never rejects. */
  async look(): Promise<void> {
    await Promise.all(this.#tabs.map((tab) => tab.refresh()));
    const cookies = await this.#context.cookieText().catch(() => this.#cookies);
    if (cookies === this.#cookies) return;
    this.#cookies = cookies;
    this.#parts.events.onProgress();
  }

  /**
   * Asks the site from inside one of its pages whether the account is signed in, and stores the cookies if it is.
   * @throws GatewayError `account_signed_out`, `site_challenged`, …
   */
  async check(signal: AbortSignal): Promise<void> {
    const { session } = this.#parts;
    const { site, maxReplyBytes } = session.options;
    const keepCookies = (): Promise<void> => session.keepCookies();
    const tab = [this.#shown, ...this.#tabs].find((one) => one && !one.dialog && isAt(one.page.url(), site.origin));
    if (!tab) throw new GatewayError("account_signed_out", "No tab shows a page of the site.");
    const fetcher = await tab.fetcher({ origin: site.origin, maxReplyBytes });
    try {
      await assertSignedIn(site, { fetch: (...call) => fetcher.fetch(...call), keepCookies }, signal);
      await keepCookies();
    } finally {
      // What the check itself changed is no progress.
      this.#cookies = await this.#context.cookieText().catch(() => this.#cookies);
    }
  }

  /** What the site keeps in localStorage. @throws GatewayError `session_lost` */
  storage(): Promise<readonly PastedStorage[]> {
    return this.#context.storageOf(this.#parts.session.options.site.origin);
  }

  /** Never rejects. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#shown = undefined;
    await this.#restored.disposeAsync().catch(() => {});
    await (await this.#screencast)?.[Symbol.asyncDispose]();
    for (const tab of this.#tabs) tab.release();
    await Promise.all(this.#tabs.splice(0).map(({ page }) => this.#context.closePage(page)));
  }

  /** A page that cannot be shown is closed. @throws GatewayError `session_lost` if it is the first one. */
  async #add(page: Page, isPopup: boolean): Promise<void> {
    const { session, events } = this.#parts;
    const { proxy } = session.options;
    if (this.#tabs.length >= MAX_TABS) {
      void this.#context.closePage(page);
      return events.onRefused("popup_limit");
    }
    try {
      if (proxy) await ProxySignIn.open(page, proxy);
      const tab = await OperatedTab.open(
        { page, id: (this.#lastId += 1), isPopup },
        {
          onChange: events.onTabs,
          onDialog: (dialog) => page === this.#shown?.page && events.onDialog(dialog),
          onNavigated: events.onProgress,
          onRefused: events.onRefused,
          onGone: () => this.#remove(page),
        },
      );
      if (this.#isOver || page.isClosed()) return await this.#context.closePage(page);
      this.#tabs.push(tab);
      this.#show(tab);
    } catch (cause) {
      await this.#context.closePage(page);
      if (!isPopup) throw cause;
    }
  }

  #remove(page: Page): void {
    const index = this.#tabs.findIndex((one) => one.page === page);
    if (index < 0) return;
    this.#tabs.splice(index, 1);
    const [first] = this.#tabs;
    if (!first) this.#parts.events.onGone();
    else if (page === this.#shown?.page) this.#show(this.#tabs[index - 1] ?? first);
    else this.#parts.events.onTabs();
  }

  #show(tab: OperatedTab): void {
    const { events } = this.#parts;
    this.#shown?.input?.release();
    this.#shown = tab;
    events.onTabs();
    events.onDialog(tab.dialog);
    const before = this.#screencast;
    this.#screencast = (async () => {
      await (await before)?.[Symbol.asyncDispose]();
      if (tab !== this.#shown) return undefined;
      // A page that closes at this moment has no pictures.
      return Screencast.start(tab.page, (picture) => events.onPicture(tab.id, picture)).catch(() => undefined);
    })();
  }
}
