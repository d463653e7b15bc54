import { isDeepStrictEqual } from "node:util";
import { pasteNotes } from "../credentials/paste-notes.ts";
import type { Alerts } from "./alerts.ts";
import type { BrowserFleet } from "../browser/browser-fleet.ts";
import type { BrowserSupervisor } from "../browser/browser-supervisor.ts";
import { Session, type SessionOptions } from "../browser/session.ts";
import { AuthCookies } from "../browser/auth-cookies.ts";
import { signInKey } from "../credentials/account-identity.ts";
import type { ConfiguredAccount } from "../credentials/configured-account.ts";
import type { Log, Redaction } from "../observe/log.ts";
import { RateLimiter, type RateLimit } from "../pool/rate-limiter.ts";
import type { SessionPool } from "../pool/session-pool.ts";
import { Account } from "../pool/account.ts";
import type { AccountPersistence } from "./account-persistence.ts";
import type { Sites } from "../sites/catalog.ts";
import type { AccountIdentity } from "../store/account-store.ts";

export interface AccountManagerParts {
  readonly pool: SessionPool;
  readonly browsers: BrowserFleet;
  readonly states: AccountPersistence;
  readonly sites: Sites;
  readonly options: Omit<SessionOptions, "site"> & { readonly rateLimit: RateLimit | undefined };
  readonly alerts: Alerts;
  readonly log: Log;
  /** Learns each token that a site hands out. */
  readonly redaction: Redaction;
}

type WantedAccount = AccountIdentity & Pick<ConfiguredAccount, "proxy" | "site">;

interface Member {
  readonly identity: WantedAccount;
  readonly account: Account;
  readonly host: BrowserSupervisor;
}

/** Which accounts are in use. A new list changes only what differs: nobody else's stream is touched. */
export class AccountManager {
  readonly #parts: AccountManagerParts;
  readonly #members = new Map<string, Member>();
  #applying: Promise<void> = Promise.resolve();

  constructor(parts: AccountManagerParts) {
    this.#parts = parts;
  }

  /** Takes in what is new, lets go what is gone; what has another cookie or proxy is drained first and then replaced. */
  async apply(configured: readonly ConfiguredAccount[]): Promise<void> {
    const before = this.#applying;
    this.#applying = (async () => {
      await before.catch(() => {});
      const { sites } = this.#parts;
      const accounts = configured.map(({ id, cookie, proxy, site, source }) => ({
        id,
        cookie,
        proxy,
        site,
        source,
        signInKey: signInKey(cookie, sites.named(site)),
      }));
      const wanted = new Map(accounts.map((identity) => [identity.id, identity]));
      const gone = [...this.#members.values()].filter(({ identity }) => !isSame(wanted.get(identity.id), identity));
      const goneIds = new Set(gone.map(({ identity }) => identity.id));
      const fresh = accounts.filter(({ id }) => goneIds.has(id) || !this.#members.has(id));
      const leaving = Promise.all(gone.map((member) => this.#remove(member)));
      // What is replaced, or only gets another id, goes on with what the old one's last answer leaves.
      const mustWait = (one: WantedAccount): boolean =>
        gone.some(({ identity }) => identity.id === one.id || identity.signInKey === one.signInKey);
      for (const identity of fresh) if (!mustWait(identity)) await this.#add(identity);
      await leaving;
      for (const identity of fresh) if (mustWait(identity)) await this.#add(identity);
      await this.#parts.states.keepInUse(accounts);
      this.#parts.pool.refuseUnservable();
    })();
    await this.#applying;
  }

  async #add(identity: WantedAccount): Promise<void> {
    const { pool, browsers, states, sites, options, alerts, log, redaction } = this.#parts;
    const { id, cookie } = identity;
    const site = sites.named(identity.site);
    const stored = await states.load(identity);
    const host = browsers.assign();
    const signIn = new AuthCookies(site, cookie, stored?.cookies);
    if (stored?.isConfiguredAnew) signIn.mergePaste();
    const session = new Session(host, signIn, { ...options, site, proxy: identity.proxy ?? options.proxy });
    const pace = new RateLimiter(options.rateLimit, await states.sentAt(identity));
    const isMember = (): boolean => this.#members.get(id)?.account === account;
    const onChange = (changed: Account): void => {
      const { state, reason, since, nextTryAt } = changed;
      log.debug({ account: id, state, reason, since, nextTryAt }, "account state");
      if (state === "ready" || state === "rate_limited") signIn.confirm();
      if (state === "expired" && signIn.tryNext())
        log.info({ account: id }, "signed out: trying another known sign-in");
      if (isMember()) states.changed(identity, changed);
      alerts.changed(changed);
    };
    const account = new Account({ id, session, rateLimiter: pace, failure: stored?.verdict, onChange });
    const onChangeForGood = (): void => {
      redaction.rotate(identity.signInKey, signIn.tokens);
      if (isMember()) states.changedForGood(identity, account);
    };
    signIn.onChange = onChangeForGood;
    pace.onSent = onChangeForGood;
    signIn.onRefused = (name) => log.warn({ account: id, cookie: name }, "cookie left out: the browser refuses it");
    redaction.rotate(identity.signInKey, signIn.tokens);
    alerts.restored(account);
    this.#members.set(id, { identity, account, host });
    await pool.add(account);
    log.info({ account: id, restored: stored !== undefined }, "account added");
    for (const note of pasteNotes(cookie, site)) log.warn({ account: id }, note);
  }

  /** What is stored of it stays, with what its last answer left, in case it comes back. */
  async #remove({ identity, account, host }: Member): Promise<void> {
    await this.#parts.pool.remove(identity.id);
    this.#parts.states.changed(identity, account);
    await this.#parts.states.flush();
    this.#members.delete(identity.id);
    await this.#parts.browsers.release(host);
    this.#parts.log.info({ account: identity.id }, "account removed");
  }
}

function isSame(one: WantedAccount | undefined, other: WantedAccount): boolean {
  return one?.cookie === other.cookie && one.site === other.site && isDeepStrictEqual(one.proxy, other.proxy);
}
