import { isDeepStrictEqual } from "node:util";
import type { BrowserContext } from "playwright";
import { belongsTo } from "../credentials/cookie-scope.ts";
import { readPaste, type PastedStorage } from "../credentials/paste.ts";
import { GatewayError } from "../errors.ts";
import type { Site } from "../sites/site.ts";
import {
  capped,
  firstExpiry,
  isSamePlace,
  toBrowserCookies,
  type StoredCookie,
  type StoredCookies,
} from "./cookies.ts";
import { browserCall } from "./browser-call.ts";

/** Cookie calls take milliseconds; a browser that needs this long is stuck. */
const COOKIE_CALL_LIMIT_MS = 10_000;
/** In the past, in seconds since the epoch. Setting a cookie that expires then removes it, and no other cookie. */
const PAST_SECONDS = 1;

/** The cookies that keep an account signed in, as a browser held them last, because sites replace the tokens. */
export class AuthCookies {
  readonly #site: Site;
  readonly #configured: StoredCookies;
  readonly #storage: readonly PastedStorage[];
  /** The newest cookies known. Cookies on trial are moved here when the site accepts them. */
  #cookies: StoredCookies;
  /** The cookies with which the site last accepted the account as signed in. */
  #accepted: StoredCookies | undefined;
  /** The cookies on trial in place of the newest ones. */
  #trial: StoredCookies | undefined;
  /** The cookies that can still be tried. */
  #untried: StoredCookies[] | undefined;
  #mustLeaveContext = false;
  /** Called when the browser's cookies changed. */
  onChange: () => void = () => {};
  /** Called with the name of each cookie that the browser refuses. */
  onRefused: (name: string) => void = () => {};

  /** `paste`: cookies in any form that `readPaste` knows. `stored`: the cookies of the browser before a restart. */
  constructor(site: Site, paste: string, stored?: StoredCookies) {
    const { cookies, storage } = readPaste(paste) ?? { cookies: [], storage: [] };
    this.#site = site;
    this.#configured = toBrowserCookies(cookies, site.origin);
    this.#storage = storage.filter(
      ({ origin, localStorage }) => origin === site.origin.origin && localStorage.length > 0,
    );
    this.#cookies = stored ?? this.#configured;
  }

  /** The newest cookies known. */
  get cookies(): StoredCookies {
    return this.#cookies;
  }

  /** The values that sign the account in. They are secrets. */
  get tokens(): string[] {
    return this.#authOf(this.#cookies).map(({ value }) => value);
  }

  /** When the first of the cookies that keep the account signed in expires, in milliseconds since the epoch. */
  get expiresAt(): number | undefined {
    return firstExpiry(this.#authOf(this.#cookies));
  }

  /** Takes the pasted cookies that do not sign the account in, because they changed. The newest tokens stay. */
  mergePaste(): void {
    const fresh = this.#configured.filter(({ name }) => !this.#site.isAuthCookie(name));
    const kept = this.#cookies.filter(({ name }) => !fresh.some((one) => one.name === name));
    this.#cookies = [...fresh, ...kept];
  }

  /** Signs a new context in. A cookie that the browser refuses is left out. */
  async applyTo(context: BrowserContext): Promise<void> {
    this.#mustLeaveContext = false;
    const wanted = this.#trial ?? this.#cookies;
    // Comes first, because it clears the context's cookies.
    if (this.#storage.length > 0) {
      const origins = this.#storage.map(({ origin, localStorage }) => ({ origin, localStorage: [...localStorage] }));
      await browserCall(COOKIE_CALL_LIMIT_MS, "set localStorage", context.setStorageState({ cookies: [], origins }));
    }
    const set = (cookies: StoredCookies): Promise<void> =>
      browserCall(COOKIE_CALL_LIMIT_MS, "set cookies", context.addCookies(cookies));
    await set(wanted).catch(async () => {
      for (const cookie of wanted) await set([cookie]).catch(() => this.onRefused(cookie.name));
    });
    // Removes what does not belong there. Otherwise the site could challenge each page again, as its own cookie is missing.
    context.on("page", (page) => {
      page.on("framenavigated", (frame) => {
        if (frame === page.mainFrame()) void this.#read(context).catch(() => {});
      });
    });
  }

  /**
   * Takes the cookies that the context holds now, so that the next context starts with the newest tokens.
   * @throws GatewayError `session_lost` when the cookies that keep the account signed in are gone from the context.
   */
  async captureFrom(context: BrowserContext): Promise<void> {
    if (this.#mustLeaveContext) throw new GatewayError("session_lost", "The account tries another sign-in.");
    const cookies = await this.#read(context);
    const before = this.#trial ?? this.#cookies;
    if (this.#authOf(before).length > 0 && this.#authOf(cookies).length === 0) {
      throw new GatewayError("session_lost", "The browser holds the account's sign-in no more.");
    }
    if (cookies.length === 0 || isDeepStrictEqual(cookies, before)) return;
    if (this.#trial) this.#trial = cookies;
    else this.#change(cookies);
  }

  /** The site accepts the account as signed in with the cookies that it has now. */
  confirm(): void {
    const trial = this.#trial;
    this.#untried = undefined;
    this.#trial = undefined;
    this.#accepted = trial ?? this.#cookies;
    if (trial) this.#change(trial);
  }

  /**
   * The site says that the account is signed out. Other known cookies are tried, each once and in a new context: those that
   * the site accepted last, then the configured ones. False if none is left; from then on, the newest are tried again.
   */
  tryNext(): boolean {
    this.#untried ??= this.#alternatives();
    const before = this.#trial;
    this.#trial = this.#untried.shift();
    this.#mustLeaveContext = this.#trial !== before;
    return this.#trial !== undefined;
  }

  #alternatives(): StoredCookies[] {
    const tokens = (cookies: StoredCookies): string =>
      JSON.stringify(
        this.#authOf(cookies)
          .map(({ name, value }) => `${name}=${value}`)
          .toSorted(),
      );
    const others = [this.#accepted, this.#configured].filter((cookies) => cookies && this.#authOf(cookies).length > 0);
    const byTokens = new Map(others.map((cookies = []) => [tokens(cookies), cookies]));
    byTokens.delete(tokens(this.#cookies));
    return [...byTokens.values()];
  }

  #change(cookies: StoredCookies): void {
    this.#cookies = cookies;
    this.onChange();
  }

  #authOf(cookies: StoredCookies): StoredCookies {
    return cookies.filter((cookie) => this.#site.isAuthCookie(cookie.name));
  }

  /** The site's cookies in the context, after the removal of those that do not belong there. */
  async #read(context: BrowserContext): Promise<StoredCookies> {
    const all: StoredCookies = await browserCall(COOKIE_CALL_LIMIT_MS, "read cookies", context.cookies());
    const own = all.filter(({ domain }) => belongsTo(domain, this.#site.origin));
    const genuine = own.filter((cookie) => !this.#isForged(cookie));
    const kept = genuine.filter((cookie) => !this.#isSuperseded(cookie, genuine));
    const removed = own
      .filter((cookie) => !kept.includes(cookie))
      .map((cookie) => ({ ...cookie, expires: PAST_SECONDS }));
    if (removed.length > 0) await browserCall(COOKIE_CALL_LIMIT_MS, "remove cookies", context.addCookies(removed));
    const known = new Set(this.#cookies.map(({ name }) => name));
    return capped(kept, ({ name }) => (this.#site.isAuthCookie(name) ? 2 : known.has(name) ? 1 : 0));
  }

  /** Scripts cannot set HttpOnly. A cookie of theirs with the name of a token, for another path, is no token. */
  #isForged({ name, httpOnly }: StoredCookie): boolean {
    if (!this.#site.isAuthCookie(name) || httpOnly) return false;
    return !this.#configured.some((cookie) => cookie.name === name && cookie.httpOnly === false);
  }

  /**
   * A pasted Cookie header does not tell the scope of a cookie, and a site reads the older of two with the same name. So a
   * cookie that the site set replaces the pasted one, whatever its domain, path or partition.
   */
  #isSuperseded(cookie: StoredCookie, all: StoredCookies): boolean {
    if (!this.#isPasted(cookie)) return false;
    return all.some((other) => other.name === cookie.name && !this.#isPasted(other));
  }

  #isPasted(cookie: StoredCookie): boolean {
    return this.#configured.some((one) => isSamePlace(one, cookie) && one.value === cookie.value);
  }
}
