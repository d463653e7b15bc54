import type { Log } from "../observe/log.ts";
import { abortable } from "../process/abortable.ts";
import { AccountEvents } from "./account-event.ts";
import type { Account } from "./account.ts";
import { Admission, type LeaseRequest, type QueueStatus } from "./admission.ts";
import { inBackground } from "./background.ts";
import type { Candidate, DistantAccounts } from "./distant-account.ts";
import { Dispatcher } from "./dispatcher.ts";
import { IdleSessions } from "./idle-sessions.ts";
import type { Lease } from "./lease.ts";
import { Leases, type LeasesParts } from "./leases.ts";
import { RestTimes } from "./rest-times.ts";
import { Maintenance, type MaintenanceOptions } from "./maintenance.ts";
import { OperatorControl } from "./operator-control.ts";
import { PageBudget, type PageBudgetOptions } from "./page-budget.ts";
import { readinessOf, statusOf, type AccountStatus, type Readiness } from "./pool-status.ts";
import { Recovery, type RecoveryParts } from "./recovery.ts";
import { PoolShare } from "./pool-share.ts";
import { overloaded, shuttingDown } from "./refusals.ts";
import { RequestQueue, type Caller, type RequestQueueLimits, type WaitingRequest } from "./request-queue.ts";

export interface SessionPoolOptions
  extends
    RequestQueueLimits,
    PageBudgetOptions,
    MaintenanceOptions,
    Pick<LeasesParts, "leaseLimitMs">,
    Pick<RecoveryParts, "expiresSoonMs"> {
  /** The accounts of other replicas. */
  readonly distant?: DistantAccounts | undefined;
}

/** Lends each account's session to one request at a time. Requests that find none idle wait in a fair queue. */
export class SessionPool implements AsyncDisposable {
  /** What happens to the accounts of this pool. */
  readonly events = new AccountEvents();
  readonly #accounts = new Map<string, Account>();
  readonly #options: SessionPoolOptions;
  readonly #log: Log;
  readonly #queue: RequestQueue<Account, Candidate>;
  readonly #idle = new IdleSessions();
  readonly #pages: PageBudget;
  readonly #recovery: Recovery;
  readonly #stopping = new AbortController();
  #isClosed = false;
  readonly #leases: Leases;
  readonly #restTimes = new RestTimes(this.events);
  readonly #maintenance: Maintenance;
  readonly #dispatcher: Dispatcher;
  readonly #admission: Admission;
  /** What an operator may do with an account. */
  readonly operator: OperatorControl;
  /** What a cluster of replicas needs of this pool. */
  readonly share: PoolShare;

  constructor(options: SessionPoolOptions, log: Log) {
    this.#options = options;
    this.#log = log;
    this.#queue = new RequestQueue(options);
    const shared = {
      accounts: this.#accounts,
      idle: this.#idle,
      queue: this.#queue,
      events: this.events,
      makeAvailable: (account: Account): Promise<void> => this.#dispatcher.makeAvailable(account),
      dispatch: (): Promise<void> => this.#dispatcher.dispatch(),
      refuseUnservable: (): void => this.refuseUnservable(),
      log,
      signal: this.#stopping.signal,
    };
    const pages = new PageBudget({ ...options, ...shared });
    const recovery = new Recovery({ ...options, ...shared, pages, onFailure: shared.refuseUnservable });
    this.#pages = pages;
    this.#recovery = recovery;
    this.#dispatcher = new Dispatcher({ ...shared, pages, recovery });
    this.#leases = new Leases({ ...options, ...shared, pages, recovery });
    this.#admission = new Admission({
      ...shared,
      timeoutMs: options.timeoutMs,
      distant: options.distant,
      room: () => options.maxOpenSessions - this.openPages,
      leases: this.#leases.leaseTime,
      sends: this.#leases.sendTime,
      openings: pages.openingTime,
    });
    this.share = new PoolShare({ ...shared, admission: this.#admission, close: () => this.#close() });
    this.operator = new OperatorControl({ ...shared, pages, recovery, dispatcher: this.#dispatcher });
    this.#maintenance = new Maintenance({ ...options, ...shared, pages, recovery });
    this.events.subscribe(({ kind }) => {
      if (kind !== "page_lost") return;
      pages.changed();
      void this.#dispatcher.dispatch();
    });
  }

  /** Takes accounts in. Their pages open in the background while there is room, else when they are needed. */
  async add(...accounts: readonly Account[]): Promise<void> {
    const known = this.#accounts.size;
    for (const account of accounts) this.#accounts.set(account.id, account);
    this.#options.distant?.onOwnChange();
    await this.#dispatcher.pass(() => this.#idle.add(accounts));
    for (const [index, account] of accounts.entries()) {
      const eagerly = known + index < this.#options.maxOpenSessions;
      inBackground(this.#recovery.bringBack(account, { eagerly }), this.#log);
    }
  }

  /** Removes an account as soon as its request is over. Resolves when it is gone. */
  async remove(id: string): Promise<void> {
    const account = this.#accounts.get(id);
    if (!account) return;
    account.retire();
    this.#options.distant?.onOwnChange();
    await this.#leases.settled(account);
    await this.#dispatcher.pass(() => this.#idle.remove(account));
    this.#accounts.delete(id);
    this.#options.distant?.onOwnChange();
    await account.rateLimiter.stop();
    // The account may come back, and its token may work only once.
    await account.session.keepCookies().catch(() => {});
    await account.session[Symbol.asyncDispose]();
    account.drain("taken out of the configuration");
    this.#pages.changed();
  }

  /**
   * Waits for an account of the site that has not failed the request.
   * @throws GatewayError `no_usable_account` when there is none to wait for; `rate_limit_exceeded`, also when the request
   * cannot be served in time; `queue_timeout`, `overloaded`, `server_shutting_down`; the signal's reason when it aborts.
   */
  async lease(wish: LeaseRequest, signal: AbortSignal): Promise<Lease> {
    if (this.#isClosed || (wish.guest && this.#stopping.signal.aborted)) throw shuttingDown();
    if (this.#options.memory.isFull) throw overloaded();
    const entry = this.#admission.entryFor(wish);
    if (!wish.guest) this.#admission.check(entry);
    const restedMs = this.#restTimes.start();
    const waiting = this.#queue.wait(entry, signal);
    // A request with another key may come before requests that were here first.
    this.refuseUnservable();
    void this.#dispatcher.dispatch();
    const account = await waiting;
    return this.#leases.begin(account, restedMs(account.id));
  }

  get states(): readonly AccountStatus[] {
    return [...this.#accounts.values()].map(statusOf);
  }

  /** The caller's position in the queue, 1 for the next; undefined when it does not wait. */
  positionOf(caller: Caller): number | undefined {
    return this.#queue.positionOf(caller);
  }

  /** Refuses requests that wait for accounts that will not be back in time. */
  refuseUnservable(): void {
    this.#admission.refuseUnservable();
  }

  /** How long the caller still waits, as far as is known, in milliseconds; undefined when it does not wait. */
  waitMsOf(caller: Caller): number | undefined {
    return this.#admission.waitMsOf(caller);
  }

  /** The queue as a request that comes now and waits behind all others would find it. */
  get queue(): QueueStatus {
    return this.#admission.status;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  /** The requests that wait, in the order in which they are served. */
  get waitingRequests(): readonly WaitingRequest[] {
    return this.#admission.waiting;
  }

  get openPages(): number {
    return [...this.#accounts.values()].filter(({ session }) => session.holdsPage).length;
  }

  /** How often sessions failed so far, by error code. */
  get sessionFailures(): ReadonlyMap<string, number> {
    return this.#recovery.failures;
  }

  get readiness(): Readiness {
    if (this.#stopping.signal.aborted) return { ready: false, reasons: ["shutting down"] };
    return readinessOf([...this.#accounts.values()], this.#idle.open + this.#idle.asleep > 0);
  }

  /**
   * Gives no account to a request any more, and waits until the last lease is settled, or until the signal aborts. Then every
   * session's cookies are read once more: a page may have been given a new token without a request. A request that another
   * replica will serve waits on, until the pool is closed or disposed.
   */
  async drain(signal: AbortSignal): Promise<void> {
    this.#stopping.abort(shuttingDown());
    this.#options.distant?.onOwnChange();
    this.refuseUnservable();
    await abortable(this.#leases.settled(), signal).catch(() => {});
    await Promise.all([...this.#accounts.values()].map(({ session }) => session.keepCookies().catch(() => {})));
  }

  #close(): void {
    this.#isClosed = true;
    this.#queue.refuse(shuttingDown);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#close();
    this.#maintenance[Symbol.dispose]();
    this.#pages[Symbol.dispose]();
    await this.drain(AbortSignal.abort());
    const accounts = [...this.#accounts.values()];
    await Promise.all(accounts.map((account) => account.rateLimiter.stop()));
    await Promise.all(accounts.map((account) => account.session[Symbol.asyncDispose]()));
  }
}
