import type { Frame, Page, Response } from "playwright";
import { withTimeout } from "../process/with-timeout.ts";

/** The documents that a page's main frame shows, one after the other, and the response that each came with. */
export class Documents implements Disposable {
  readonly #page: Page;
  /** The response of the navigation that is under way. */
  #answered: Response | undefined;
  /** The response of the document that the page shows. */
  #committed: Response | undefined;
  #onCommit: (() => void) | undefined;
  readonly #onResponse = (response: Response): void => {
    const request = response.request();
    const isRedirect = response.status() >= 300 && response.status() < 400;
    if (!request.isNavigationRequest() || isRedirect || request.frame() !== this.#page.mainFrame()) return;
    this.#answered = response;
  };
  readonly #onNavigated = (frame: Frame): void => {
    if (frame !== this.#page.mainFrame()) return;
    this.#committed = this.#answered;
    this.#onCommit?.();
  };

  constructor(page: Page) {
    this.#page = page;
    page.on("response", this.#onResponse).on("framenavigated", this.#onNavigated);
  }

  /** The document that came after this one; null if none comes in time, or the page is gone. */
  async after(response: Response, limitMs: number): Promise<Response | null> {
    const { promise, resolve } = Promise.withResolvers<Response | null>();
    const look = (): void => {
      if (this.#committed && this.#committed !== response) resolve(this.#committed);
    };
    const onGone = (): void => resolve(null);
    this.#onCommit = look;
    this.#page.once("close", onGone).once("crash", onGone);
    look();
    try {
      return await withTimeout(promise, limitMs, () => null);
    } finally {
      this.#onCommit = undefined;
      this.#page.off("close", onGone).off("crash", onGone);
    }
  }

  [Symbol.dispose](): void {
    this.#page.off("response", this.#onResponse).off("framenavigated", this.#onNavigated);
  }
}
