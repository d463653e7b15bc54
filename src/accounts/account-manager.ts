import { isDeepStrictEqual } from "node:util";
import { pasteNotes } from "../credentials/paste-notes.ts";
import type { Alerts } from "./alerts.ts";
import type { BrowserFleet } from "../browser/browser-fleet.ts";
import type { BrowserHost } from "../browser/browser-supervisor.ts";
import { Session, type SessionOptions } from "../browser/session.ts";
import { SignIn } from "../browser/auth-cookies.ts";
import { signInText } from "../credentials/account-identity.ts";
import type { Credential } from "../credentials/configured-account.ts";
import type { Log, Redaction } from "../observe/log.ts";
import { Pace, type RateLimit } from "../pool/rate-limiter.ts";
import type { SessionPool } from "../pool/session-pool.ts";
import { Slot } from "../pool/account.ts";
import type { SessionStates } from "./account-persistence.ts";
import type { AccountIdentity } from "../store/account-store.ts";

export interface RosterParts {
  readonly pool: SessionPool;
  readonly browsers: BrowserFleet;
  readonly states: SessionStates;
  readonly options: SessionOptions & { readonly rateLimit: RateLimit | undefined };
  readonly alerts: Alerts;
  readonly log: Log;
  /** Learns each token that a site hands out. */
  readonly redaction: Redaction;
}

type Account = AccountIdentity & Pick<Credential, "proxy">;

interface Member {
  readonly account: Account;
  readonly slot: Slot;
  readonly host: BrowserHost;
}

/** Which credentials are in use. A new list changes only what differs: nobody else's stream is touched. */
export class Roster {
  readonly #parts: RosterParts;
  readonly #members = new Map<string, Member>();
  #applying: Promise<void> = Promise.resolve();

  constructor(parts: RosterParts) {
    this.#parts = parts;
  }

  /** Takes in what is new, lets go what is gone; what has another cookie or proxy is drained first and then replaced. */
  async apply(credentials: readonly Credential[]): Promise<void> {
    const before = this.#applying;
    this.#applying = (async () => {
      await before.catch(() => {});
      const { site } = this.#parts.options;
      const accounts = credentials.map(({ id, cookie, proxy }) => ({
        id,
        cookie,
        proxy,
        signIn: signInText(cookie, site),
      }));
      const wanted = new Map(accounts.map((account) => [account.id, account]));
      const gone = [...this.#members.values()].filter(({ account }) => !isSame(wanted.get(account.id), account));
      const goneIds = new Set(gone.map(({ account }) => account.id));
      const fresh = accounts.filter(({ id }) => goneIds.has(id) || !this.#members.has(id));
      const leaving = Promise.all(gone.map((member) => this.#remove(member)));
      // What is replaced, or only gets another id, goes on with what the old one's last answer leaves.
      const mustWait = (one: Account): boolean =>
        gone.some(({ account }) => account.id === one.id || account.signIn === one.signIn);
      for (const account of fresh) if (!mustWait(account)) await this.#add(account);
      await leaving;
      for (const account of fresh) if (mustWait(account)) await this.#add(account);
      await this.#parts.states.keepInUse(accounts);
      this.#parts.pool.refuseHopeless();
    })();
    await this.#applying;
  }

  async #add(account: Account): Promise<void> {
    const { pool, browsers, states, options, alerts, log, redaction } = this.#parts;
    const { id, cookie } = account;
    const stored = await states.load(account);
    const host = browsers.moveIn();
    const signIn = new SignIn(options.site, cookie, stored?.cookies);
    if (stored?.isConfiguredAnew) signIn.takeOver();
    const session = new Session(host, signIn, { ...options, proxy: account.proxy ?? options.proxy });
    const pace = new Pace(options.rateLimit, await states.sentAt(account));
    const isMember = (): boolean => this.#members.get(id)?.slot === slot;
    const onChange = (changed: Slot): void => {
      const { state, reason, since, nextTryAt } = changed;
      log.debug({ credential: id, state, reason, since, nextTryAt }, "account state");
      if (state === "ready" || state === "resting") signIn.prove();
      if (state === "expired" && signIn.fallBack())
        log.info({ credential: id }, "signed out: trying another known sign-in");
      if (isMember()) states.changed(account, changed);
      alerts.changed(changed);
    };
    const slot = new Slot({ id, session, pace, verdict: stored?.verdict, onChange });
    const onChangeForGood = (): void => {
      redaction.rotate(account.signIn, signIn.tokens);
      if (isMember()) states.changedForGood(account, slot);
    };
    signIn.onChange = onChangeForGood;
    pace.onSent = onChangeForGood;
    signIn.onRefused = (name) => log.warn({ credential: id, cookie: name }, "cookie left out: the browser refuses it");
    redaction.rotate(account.signIn, signIn.tokens);
    alerts.restored(slot);
    this.#members.set(id, { account, slot, host });
    await pool.add(slot);
    log.info({ credential: id, restored: stored !== undefined }, "account added");
    for (const note of pasteNotes(cookie, options.site)) log.warn({ credential: id }, note);
  }

  /** What is stored of it stays, with what its last answer left, in case it comes back. */
  async #remove({ account, slot, host }: Member): Promise<void> {
    await this.#parts.pool.remove(account.id);
    this.#parts.states.changed(account, slot);
    await this.#parts.states.flush();
    this.#members.delete(account.id);
    await this.#parts.browsers.moveOut(host);
    this.#parts.log.info({ credential: account.id }, "account removed");
  }
}

function isSame(one: Account | undefined, other: Account): boolean {
  return one?.cookie === other.cookie && isDeepStrictEqual(one.proxy, other.proxy);
}
