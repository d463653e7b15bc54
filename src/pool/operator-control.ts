import type { Session } from "../browser/session.ts";
import { GatewayError } from "../errors.ts";
import type { Log } from "../observe/log.ts";
import { abortable } from "../process/abortable.ts";
import type { AccountEvents } from "./account-event.ts";
import type { Account } from "./account.ts";
import { inBackground } from "./background.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { IdleSessions } from "./idle-sessions.ts";
import type { PageBudget } from "./page-budget.ts";
import type { Recovery } from "./recovery.ts";

export interface OperatorControlParts {
  readonly accounts: ReadonlyMap<string, Account>;
  readonly events: AccountEvents;
  readonly idle: IdleSessions;
  readonly pages: PageBudget;
  readonly dispatcher: Dispatcher;
  readonly recovery: Recovery;
  /** Called after accounts went out of service: requests may wait in vain for them. */
  readonly refuseUnservable: () => void;
  readonly log: Log;
  /** Aborts when the gateway stops. */
  readonly signal: AbortSignal;
}

/** An operator's exclusive use of an account. Disposing it returns the account to the pool. */
export interface OperatorLease extends AsyncDisposable {
  readonly accountId: string;
  readonly session: Session;
}

/** What an operator may do with an account. The request that it is answering goes on in each case. */
export class OperatorControl {
  readonly #parts: OperatorControlParts;

  constructor(parts: OperatorControlParts) {
    this.#parts = parts;
  }

  /** Takes the account out of service, over restarts too. False when there is none with this id. */
  async disable(id: string): Promise<boolean> {
    const account = this.#parts.accounts.get(id);
    account?.disable();
    if (account) await this.#withdraw(account);
    return account !== undefined;
  }

  /** Returns a disabled account to service. False when there is none with this id. */
  enable(id: string): boolean {
    const account = this.#parts.accounts.get(id);
    account?.enable();
    if (account) this.#restore(account);
    return account !== undefined;
  }

  /** Tries a failed account now, and has a healthy one's sign-in checked soon. False when there is none with this id. */
  recheck(id: string): boolean {
    const account = this.#parts.accounts.get(id);
    account?.recheck();
    return account !== undefined;
  }

  /**
   * Replaces its page with a new one, in the background, after the answer that runs. False when no page is open, or an
   * operator uses it; undefined when there is none with this id.
   */
  recycle(id: string): boolean | undefined {
    const account = this.#parts.accounts.get(id);
    if (!account) return undefined;
    if (!account.session.isOpen || account.isTakenOver) return false;
    const { pages, log, signal } = this.#parts;
    inBackground(pages.recycle(account, { reason: "operator", log, signal }), log);
    return true;
  }

  /**
   * Waits until no request and no other operator uses the account, in whatever state it is, and lends it to the operator.
   * @throws GatewayError `no_usable_account` when there is none with this id, or it is removed meanwhile; the signal's
   * reason when it aborts.
   */
  async takeOver(id: string, signal: AbortSignal): Promise<OperatorLease> {
    const account = this.#find(id);
    const ended = AbortSignal.any([signal, this.#parts.signal]);
    while (account.isTakenOver) await this.#nextChange(account, ended);
    account.takeOver();
    try {
      await this.#withdraw(account);
      while (account.state !== "taken_over") await this.#nextChange(account, ended);
    } catch (cause) {
      this.#handBack(account);
      throw cause;
    }
    let isOver = false;
    const handBack = async (): Promise<void> => {
      if (isOver) return;
      isOver = true;
      // The operator may have left the page anywhere, so it is rebuilt.
      await account.session.keepCookies().catch(() => {});
      await account.session.closePage();
      this.#handBack(account);
    };
    return { accountId: id, session: account.session, [Symbol.asyncDispose]: handBack };
  }

  #handBack(account: Account): void {
    account.handBack();
    this.#restore(account);
  }

  /** Puts a held account into the operator's hands as soon as nobody uses it. */
  async #withdraw(account: Account): Promise<void> {
    const { dispatcher, idle, pages, refuseUnservable } = this.#parts;
    if (account.isParked) account.park();
    else await dispatcher.pass(() => idle.parkHeld());
    // A page that was to open for it is not wanted any more.
    pages.changed();
    refuseUnservable();
  }

  /** Returns an account to service that is not held any more. One that is in use returns by itself. */
  #restore(account: Account): void {
    const { recovery, pages, log } = this.#parts;
    if (!account.isParked || account.isRetired) return;
    if (account.isHeld) return account.park();
    const eagerly = account.failure !== undefined || pages.hasRoom;
    account.unpark();
    inBackground(recovery.bringBack(account, { eagerly }), log);
  }

  #find(id: string): Account {
    const account = this.#parts.accounts.get(id);
    if (!account) throw new GatewayError("no_usable_account", "There is no account with this id.");
    return account;
  }

  /** Waits until the account's state changes. @throws GatewayError when it is removed; the signal's reason. */
  async #nextChange(account: Account, signal: AbortSignal): Promise<void> {
    const changed = Promise.withResolvers<void>();
    using _subscription = this.#parts.events.subscribe(({ accountId, kind }) => {
      if (accountId === account.id && kind === "state") changed.resolve();
    });
    await abortable(changed.promise, signal);
    if (account.isRetired) throw new GatewayError("no_usable_account", "The account was removed.");
  }
}
