import { isDeepStrictEqual } from "node:util";
import type { Alerts } from "../alerts/alerts.ts";
import { AuthCookies } from "../browser/auth-cookies.ts";
import type { BrowserFleet } from "../browser/browser-fleet.ts";
import type { BrowserSupervisor } from "../browser/browser-supervisor.ts";
import type { SessionOptions } from "../browser/page-opener.ts";
import { Session } from "../browser/session.ts";
import { signInKey } from "../credentials/account-identity.ts";
import type { ConfiguredAccount } from "../credentials/configured-account.ts";
import { readPaste } from "../credentials/paste.ts";
import { pasteNotes } from "../credentials/paste-notes.ts";
import type { Log, Redaction } from "../observe/log.ts";
import type { AccountEvent } from "../pool/account-event.ts";
import type { AccountHold } from "../browser/account-hold.ts";
import { Account } from "../pool/account.ts";
import { RateLimiter, type RateLimit } from "../pool/rate-limiter.ts";
import type { SessionPool } from "../pool/session-pool.ts";
import { batches } from "../process/batches.ts";
import type { Sites } from "../sites/catalog.ts";
import { namesOf } from "../store/account-name.ts";
import { ACCOUNTS_AT_ONCE, type AccountIdentity } from "../store/stored-account.ts";
import type { AccountPersistence } from "./account-persistence.ts";
import type { Remembered } from "./remembered.ts";

export interface AccountManagerParts {
  readonly pool: SessionPool;
  readonly browsers: BrowserFleet;
  readonly persistence: AccountPersistence;
  readonly sites: Sites;
  readonly options: Omit<SessionOptions, "site"> & { readonly rateLimit: RateLimit | undefined };
  readonly alerts: Alerts;
  readonly log: Log;
  /** Learns each token that a site issues. */
  readonly redaction: Redaction;
}

/** An account that may be used here. */
export interface PlacedAccount extends ConfiguredAccount {
  /** Where other replicas could use it, too: the right to do so. */
  readonly hold?: AccountHold | undefined;
}

type WantedAccount = AccountIdentity & Pick<PlacedAccount, "proxy" | "site" | "hold">;

interface Member {
  readonly identity: WantedAccount;
  readonly account: Account;
  readonly supervisor: BrowserSupervisor;
}

/** Keeps the accounts in use in step with a list. A new list changes only what differs; other accounts' answers go on. */
export class AccountManager {
  readonly #parts: AccountManagerParts;
  readonly #members = new Map<string, Member>();
  /** The members that finish their last request, each with the end of its removal. */
  readonly #leaving = new Map<Member, Promise<void>>();
  #wanted: ReadonlyMap<string, WantedAccount> = new Map();
  #known: readonly ConfiguredAccount[] = [];
  /** Accounts are added one after the other. */
  #adding: Promise<void> = Promise.resolve();

  constructor(parts: AccountManagerParts) {
    this.#parts = parts;
    const { pool, persistence, alerts } = parts;
    pool.events.subscribe((event) => this.#log(event));
    pool.events.subscribe((event) => this.#redact(event));
    pool.events.subscribe((event) => persistence.onEvent(event));
    pool.events.subscribe((event) => alerts.onEvent(event));
    alerts.watchExpiry(() => pool.states);
  }

  /**
   * Adds new accounts and removes missing ones. One with another cookie or proxy finishes its request, then is replaced.
   * Resolves when all of that is done. A later list does not wait for it.
   * `known`: all accounts there are, if others are used elsewhere. What is stored of the rest is kept for a while only.
   */
  async apply(list: readonly PlacedAccount[], known: readonly ConfiguredAccount[] = list): Promise<void> {
    const { pool } = this.#parts;
    const accounts = list.map((account) => this.#identityOf(account));
    this.#wanted = new Map(accounts.map((identity) => [identity.id, identity]));
    const removed = [...this.#members.values()].filter((member) => !this.#isWanted(member));
    const removals = removed.map((member) => this.#retire(member));
    pool.refuseUnservable();
    await Promise.all([...removals, this.#bring(accounts)]);
    await this.#keepKnown(known);
    pool.refuseUnservable();
  }

  /** Resolves when no account with this id is in use that the last list has not: its page is closed, its state is stored. */
  async gone(id: string): Promise<void> {
    await this.#adding;
    const member = this.#members.get(id);
    if (member) await this.#leaving.get(member);
  }

  #identityOf(account: PlacedAccount): WantedAccount {
    const { id, cookie, proxy, site, source, hold } = account;
    const key = signInKey(account, this.#parts.sites);
    return { id, cookie, proxy, site, source, signInKey: key, hold, epoch: hold?.epoch };
  }

  async #keepKnown(known: readonly ConfiguredAccount[]): Promise<void> {
    if (known === this.#known) return;
    this.#known = known;
    await this.#parts.persistence.keepInUse(known.map((account) => this.#identityOf(account)));
  }

  /** Adds those that are not in use. A replaced or renamed one continues with the cookies of the old one's last answer. */
  async #bring(identities: readonly WantedAccount[]): Promise<void> {
    const removals = new Map<string, Promise<void>[]>();
    for (const [{ identity }, removal] of this.#leaving) {
      for (const name of namesIn(identity)) removals.set(name, [...(removals.get(name) ?? []), removal]);
    }
    const waiting = identities.map((identity) => ({
      identity,
      before: namesIn(identity).flatMap((name) => removals.get(name) ?? []),
    }));
    const later = waiting.filter(({ before }) => before.length > 0);
    const free = waiting.filter(({ before }) => before.length === 0).map(({ identity }) => identity);
    const added = free.filter(({ id }) => !this.#members.has(id));
    const adding = later.map(({ identity, before }) => Promise.all(before).then(() => this.#add([identity])));
    const batched = batches(added, ACCOUNTS_AT_ONCE).map((some) => this.#add(some));
    await Promise.all([...adding, ...batched]);
  }

  /** Those that are still wanted, after the ones before. */
  #add(identities: readonly WantedAccount[]): Promise<void> {
    const added = this.#adding.then(async () => {
      const due = identities.filter(
        (identity) => !this.#members.has(identity.id) && isSame(this.#wanted.get(identity.id), identity),
      );
      await this.#take(due);
      // A newer list came meanwhile.
      const members = due.map(({ id }) => this.#members.get(id)).filter((member) => member !== undefined);
      await Promise.all(members.filter((member) => !this.#isWanted(member)).map((member) => this.#retire(member)));
    });
    this.#adding = added.catch(() => {});
    return added;
  }

  #isWanted({ identity }: Member): boolean {
    return isSame(this.#wanted.get(identity.id), identity);
  }

  #retire(member: Member): Promise<void> {
    const removal = this.#leaving.get(member) ?? this.#remove(member).finally(() => this.#leaving.delete(member));
    this.#leaving.set(member, removal);
    return removal;
  }

  async #take(identities: readonly WantedAccount[]): Promise<void> {
    if (identities.length === 0) return;
    const { pool, persistence, log } = this.#parts;
    const remembered = await persistence.recall(identities);
    const accounts = remembered.map((one, index) => this.#member(identities[index] as WantedAccount, one));
    await pool.add(...accounts);
    const restored = remembered.filter(({ session }) => session !== undefined).length;
    log.info({ accounts: accounts.length, restored }, "accounts added");
  }

  #member(identity: WantedAccount, { session: stored, sentAt }: Remembered): Account {
    const { pool, browsers, persistence, sites, options, alerts, log, redaction } = this.#parts;
    const { id, cookie } = identity;
    const site = sites.named(identity.site);
    const supervisor = browsers.assign();
    const authCookies = new AuthCookies(site, cookie, stored?.cookies);
    if (stored?.isConfiguredAnew) authCookies.mergePaste();
    const { hold, proxy = options.proxy } = identity;
    const session = new Session(supervisor, authCookies, { ...options, site, proxy, hold });
    const rateLimiter = new RateLimiter(options.rateLimit, sentAt);
    const { events } = pool;
    const account = new Account({ id, site: site.name, session, rateLimiter, events, failure: stored?.failure });
    redaction.rotate(identity.signInKey, authCookies.tokens);
    alerts.restored(account);
    persistence.track(identity, account);
    this.#members.set(id, { identity, account, supervisor });
    log.debug({ account: id, restored: stored !== undefined }, "account added");
    for (const note of pasteNotes(readPaste(cookie), site)) log.warn({ account: id }, note);
    return account;
  }

  /** Its stored state stays, with what its last answer left, in case the account comes back. */
  async #remove({ identity, supervisor }: Member): Promise<void> {
    const { pool, browsers, persistence, log } = this.#parts;
    await pool.remove(identity.id);
    await persistence.release(identity.id);
    this.#members.delete(identity.id);
    await browsers.release(supervisor);
    log.info({ account: identity.id }, "account removed");
  }

  #log(event: AccountEvent): void {
    const { log } = this.#parts;
    const { kind, accountId: account } = event;
    if (kind === "state") {
      const { to: state, reason, since, nextTryAt } = event;
      log.debug({ account, state, reason, since, nextTryAt }, "account state");
    } else if (kind === "cookie_refused") {
      log.warn({ account, cookie: event.name }, "cookie left out: the browser refuses it");
    }
  }

  #redact({ kind, accountId }: AccountEvent): void {
    const member = this.#members.get(accountId);
    if (kind !== "cookies_changed" || !member) return;
    this.#parts.redaction.rotate(member.identity.signInKey, member.account.session.authCookies.tokens);
  }
}

function isSame(one: WantedAccount | undefined, other: WantedAccount): boolean {
  const isAlike = one?.cookie === other.cookie && one.site === other.site && one.hold === other.hold;
  return isAlike && isDeepStrictEqual(one.proxy, other.proxy);
}

function namesIn({ id, signInKey: key }: WantedAccount): readonly string[] {
  return namesOf({ key, id });
}
