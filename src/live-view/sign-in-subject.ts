import { AuthCookies } from "../browser/auth-cookies.ts";
import type { BrowserFleet } from "../browser/browser-fleet.ts";
import { OperatedPages } from "../browser/by-hand/operated-pages.ts";
import type { SessionOptions } from "../browser/page-opener.ts";
import { Session } from "../browser/session.ts";
import type { Concluded, Opening, OpenSubject, Subject } from "./subject.ts";

export interface SignInParts {
  readonly browsers: Pick<BrowserFleet, "assign" | "release">;
  readonly session: SessionOptions;
  /** Stores the account and puts it into service. Gives its id. `credential`: the JSON of a Playwright storage state. */
  readonly addAccount: (credential: string) => Promise<string>;
}

/** A person signs in at the site, in a fresh context, and the gateway has a new account. */
export class SignInSubject implements Subject {
  readonly account = null;
  readonly isThere = true;
  readonly #parts: SignInParts;

  constructor(parts: SignInParts) {
    this.#parts = parts;
  }

  async open({ events, onTaken }: Opening): Promise<OpenSubject> {
    const { browsers, session: options } = this.#parts;
    onTaken();
    const supervisor = browsers.assign();
    const session = new Session(supervisor, new AuthCookies(options.site, ""), options);
    await using opened = new AsyncDisposableStack();
    opened.defer(() => browsers.release(supervisor));
    opened.use(session);
    const { loginPath, homePath } = options.site;
    const pages = opened.use(await OperatedPages.open({ session, startPath: loginPath ?? homePath, events }));
    const stack = opened.move();
    return {
      pages,
      isInNeed: true,
      conclude: () => this.#conclude(session, pages),
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  }

  async #conclude(session: Session, pages: OperatedPages): Promise<Concluded> {
    const origins = await pages.storage();
    // The page must not renew a token that the account uses already.
    await pages[Symbol.asyncDispose]();
    await session.keepCookies();
    const credential = JSON.stringify({ cookies: session.authCookies.cookies, origins });
    return { account: await this.#parts.addAccount(credential), state: null };
  }
}
