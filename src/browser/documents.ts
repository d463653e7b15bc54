import type { Frame, Page, Response } from "playwright";

/** Which documents come to stand in a page's main frame, with the response that each came with. */
export class Documents implements Disposable {
  readonly #page: Page;
  /** Of the navigation that is under way. */
  #answered: Response | undefined;
  /** Of the document that stands there. */
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

  /** The document that came after this one; null when there is none in time. */
  async after(response: Response, limitMs: number): Promise<Response | null> {
    const { promise, resolve } = Promise.withResolvers<Response | null>();
    const timer = setTimeout(() => resolve(null), limitMs);
    const look = (): void => {
      if (this.#committed && this.#committed !== response) resolve(this.#committed);
    };
    const onGone = (): void => resolve(null);
    this.#onCommit = look;
    this.#page.once("close", onGone).once("crash", onGone);
    look();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#onCommit = undefined;
      this.#page.off("close", onGone).off("crash", onGone);
    }
  }

  [Symbol.dispose](): void {
    this.#page.off("response", this.#onResponse).off("framenavigated", this.#onNavigated);
  }
}
