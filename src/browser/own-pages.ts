import type { BrowserContext, Page } from "playwright";
import { browserCall } from "./browser-call.ts";

/** A page opens in milliseconds; a browser that needs this long is stuck. */
const OPEN_LIMIT_MS = 10_000;

/**
 * The pages of one context that the gateway opened. Every other page is closed as soon as it exists, for example a popup,
 * whichever page opens it and whether or not it has an opener, unless a person uses the pages.
 */
export class OwnPages {
  readonly #context: BrowserContext;
  readonly #own = new WeakSet<Page>();
  /** Pages that appeared while one of ours was being opened, and may be that one. */
  readonly #undecided = new Set<Page>();
  #opening = 0;
  #take: ((page: Page) => void) | undefined;

  /** Must be made before the context has any page. */
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
      const page = await browserCall(OPEN_LIMIT_MS, "open a page", this.#context.newPage());
      this.#own.add(page);
      return page;
    } finally {
      this.#opening -= 1;
      this.#decide();
    }
  }

  /** Until the result is disposed, `take` gets the pages that others open, and they stay. */
  follow(take: (page: Page) => void): Disposable {
    this.#take = take;
    return { [Symbol.dispose]: () => void (this.#take = undefined) };
  }

  get areFollowed(): boolean {
    return this.#take !== undefined;
  }

  #decide(): void {
    if (this.#opening > 0) return;
    const others = [...this.#undecided].filter((page) => !this.#own.has(page));
    this.#undecided.clear();
    for (const page of others) {
      if (this.#take) this.#take(page);
      else void page.close().catch(() => {});
    }
  }
}
