import { isDeepStrictEqual } from "node:util";
import type { BrowserContext } from "playwright";
import { GatewayError } from "../errors.ts";
import type { Site } from "../site.ts";
import { firstExpiry, parseCookies, type StoredCookies } from "./cookies.ts";
import { within } from "./within.ts";

/** Cookie calls take milliseconds; a browser that needs this long is stuck. */
const COOKIE_CALL_LIMIT_MS = 10_000;

/** What keeps an account signed in: its cookies, as a browser held them last, since tokens rotate. */
export class SignIn {
  readonly #site: Site;
  #cookies: StoredCookies;
  /** Called when the browser's cookies are other ones than before. */
  onChange: () => void = () => {};

  /** `cookie`: a Cookie header's text, as it is configured. `stored`: what a browser made of it before a restart. */
  constructor(site: Site, cookie: string, stored?: StoredCookies) {
    this.#site = site;
    this.#cookies = stored ?? parseCookies(cookie, site.origin);
  }

  /** The newest that are known. */
  get cookies(): StoredCookies {
    return this.#cookies;
  }

  /** When the first of the cookies that keep the account signed in runs out; milliseconds since the epoch. */
  get expiresAt(): number | undefined {
    return firstExpiry(this.#cookies.filter(({ name }) => this.#site.isAuthCookie(name)));
  }

  /** Signs a new context in. */
  async enter(context: BrowserContext): Promise<void> {
    await within(COOKIE_CALL_LIMIT_MS, "set cookies", context.addCookies(this.#cookies));
  }

  /**
   * Takes the cookies that the context holds now, so that another one goes on with rotated tokens.
   * @throws GatewayError `session_lost` when those that keep the account signed in are gone from it.
   */
  async keep(context: BrowserContext): Promise<void> {
    const cookies = await within(COOKIE_CALL_LIMIT_MS, "read cookies", context.cookies());
    if (this.#isGoneFrom(cookies)) {
      throw new GatewayError("session_lost", "The browser holds the account's sign-in no more.");
    }
    if (cookies.length === 0 || isDeepStrictEqual(cookies, this.#cookies)) return;
    this.#cookies = cookies;
    this.onChange();
  }

  /** Chromium's network process keeps the cookies, and one that dies is started again without them. */
  #isGoneFrom(cookies: StoredCookies): boolean {
    const holds = (some: StoredCookies): boolean => some.some(({ name }) => this.#site.isAuthCookie(name));
    return holds(this.#cookies) && !holds(cookies);
  }
}
