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
/** A moment in the past, in seconds since the epoch: a cookie that ends then is removed, and no other one. */
const PAST_SECONDS = 1;

/** What keeps an account signed in: its cookies, as a browser held them last, since tokens rotate. */
export class AuthCookies {
  readonly #site: Site;
  readonly #configured: StoredCookies;
  readonly #storage: readonly PastedStorage[];
  /** The newest that are known; what is being tried in their place comes here once it is proven. */
  #cookies: StoredCookies;
  /** As they were when the site last took the account for signed in. */
  #proven: StoredCookies | undefined;
  /** What is tried in place of the newest, and what is left to try. */
  #trial: StoredCookies | undefined;
  #left: StoredCookies[] | undefined;
  #mustLeaveContext = false;
  /** Called when the browser's cookies are other ones than before. */
  onChange: () => void = () => {};
  /** Called with the name of each cookie that the browser refuses. */
  onRefused: (name: string) => void = () => {};

  /** `paste`: cookies in any form that `readPaste` knows. `stored`: what a browser made of them before a restart. */
  constructor(site: Site, paste: string, stored?: StoredCookies) {
    const { cookies, storage } = readPaste(paste) ?? { cookies: [], storage: [] };
    this.#site = site;
    this.#configured = toBrowserCookies(cookies, site.origin);
    this.#storage = storage.filter(
      ({ origin, localStorage }) => origin === site.origin.origin && localStorage.length > 0,
    );
    this.#cookies = stored ?? this.#configured;
  }

  /** The newest that are known. */
  get cookies(): StoredCookies {
    return this.#cookies;
  }

  /** The values that sign the account in: secrets. */
  get tokens(): string[] {
    return this.#authOf(this.#cookies).map(({ value }) => value);
  }

  /** When the first of the cookies that keep the account signed in runs out; milliseconds since the epoch. */
  get expiresAt(): number | undefined {
    return firstExpiry(this.#authOf(this.#cookies));
  }

  /** The paste was changed beside the sign-in: what it holds now comes in, and the newest tokens stay. */
  takeOver(): void {
    const isNew = ({ name }: StoredCookie): boolean => !this.#site.isAuthCookie(name);
    const fresh = this.#configured.filter(isNew);
    const kept = this.#cookies.filter(({ name }) => !fresh.some((one) => one.name === name));
    this.#cookies = [...fresh, ...kept];
  }

  /** Signs a new context in. A cookie that the browser refuses costs that cookie. */
  async applyTo(context: BrowserContext): Promise<void> {
    this.#mustLeaveContext = false;
    const jar = this.#trial ?? this.#cookies;
    // Clears the context's cookies, so it comes first.
    if (this.#storage.length > 0) {
      const origins = this.#storage.map(({ origin, localStorage }) => ({ origin, localStorage: [...localStorage] }));
      await browserCall(COOKIE_CALL_LIMIT_MS, "set localStorage", context.setStorageState({ cookies: [], origins }));
    }
    const set = (cookies: StoredCookies): Promise<void> =>
      browserCall(COOKIE_CALL_LIMIT_MS, "set cookies", context.addCookies(cookies));
    await set(jar).catch(async () => {
      for (const cookie of jar) await set([cookie]).catch(() => this.onRefused(cookie.name));
    });
    // A page that is challenged until the site finds its own cookie comes back again and again.
    context.on("page", (page) => {
      page.on("framenavigated", (frame) => {
        if (frame === page.mainFrame()) void this.#read(context).catch(() => {});
      });
    });
  }

  /**
   * Takes the cookies that the context holds now, so that another one goes on with rotated tokens.
   * @throws GatewayError `session_lost` when those that keep the account signed in are gone from it.
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

  /** The site takes the account for signed in with what it holds now. */
  prove(): void {
    const trial = this.#trial;
    this.#left = undefined;
    this.#trial = undefined;
    this.#proven = trial ?? this.#cookies;
    if (trial) this.#change(trial);
  }

  /**
   * The site takes the account for signed out. Each other sign-in that is known is tried once, in a new context: the last
   * one that held, then the configured one. False when none is left; the newest is tried from then on.
   */
  fallBack(): boolean {
    this.#left ??= this.#otherSignIns();
    const before = this.#trial;
    this.#trial = this.#left.shift();
    this.#mustLeaveContext = this.#trial !== before;
    return this.#trial !== undefined;
  }

  #otherSignIns(): StoredCookies[] {
    const tokens = (cookies: StoredCookies): string =>
      JSON.stringify(
        this.#authOf(cookies)
          .map(({ name, value }) => `${name}=${value}`)
          .toSorted(),
      );
    const others = [this.#proven, this.#configured].filter((jar) => jar !== undefined && this.#authOf(jar).length > 0);
    const byTokens = new Map(others.map((jar) => [tokens(jar ?? []), jar ?? []]));
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

  /** What the context holds of the site, after what does not belong there was removed from it. */
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

  /** Scripts cannot set HttpOnly. What they set under a sign-in's name, for another path, is no sign-in. */
  #isForged({ name, httpOnly }: StoredCookie): boolean {
    if (!this.#site.isAuthCookie(name) || httpOnly) return false;
    return !this.#configured.some((cookie) => cookie.name === name && cookie.httpOnly === false);
  }

  /**
   * A Cookie header does not tell a cookie's scope, and a site reads the older of two of one name. So what the site set
   * takes the place of what was pasted, whatever its domain, path or partition.
   */
  #isSuperseded(cookie: StoredCookie, all: StoredCookies): boolean {
    if (!this.#isPasted(cookie)) return false;
    return all.some((other) => other.name === cookie.name && !this.#isPasted(other));
  }

  #isPasted(cookie: StoredCookie): boolean {
    return this.#configured.some((one) => isSamePlace(one, cookie) && one.value === cookie.value);
  }
}
