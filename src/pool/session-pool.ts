import { GatewayError } from "../errors.ts";
import type { Log } from "../observe/log.ts";
import { Admission, type QueueStatus } from "./admission.ts";
import { Dispatcher } from "./dispatcher.ts";
import { Lease } from "./lease.ts";
import { MovingAverage } from "./moving-average.ts";
import { PageBudget, type PageBudgetOptions } from "./page-budget.ts";
import { Recovery } from "./recovery.ts";
import { Maintenance, type MaintenanceOptions } from "./maintenance.ts";
import { IdleSessions } from "./idle-sessions.ts";
import type { Account } from "./account.ts";
import { RequestQueue, type Caller, type RequestQueueLimits } from "./request-queue.ts";

export interface SessionPoolOptions extends RequestQueueLimits, PageBudgetOptions, MaintenanceOptions {
  /** A lease that is held longer is taken back. */
  readonly leaseLimitMs: number;
}

/** `expiresAt`: when the site will sign it out, in milliseconds since the epoch, where that is known. */
export type AccountStatus = Pick<Account, "id" | "state" | "reason" | "since" | "nextTryAt"> & {
  readonly expiresAt: number | undefined;
};

/** A gateway that stops is started again about then. */
const RESTART_MS = 1_000;

/**
 * Lends each account's session to one request at a time, to whoever's turn it is. What may be lent now stands on the
 * shelf; a session that opens, rests or recovers is off it.
 */
export class SessionPool implements AsyncDisposable {
  readonly #accounts = new Map<string, Account>();
  readonly #options: SessionPoolOptions;
  readonly #log: Log;
  readonly #line: RequestQueue<Account>;
  readonly #shelf = new IdleSessions();
  readonly #pages: PageBudget;
  readonly #recovery: Recovery;
  readonly #stopping = new AbortController();
  readonly #leases = new Set<Lease>();
  readonly #rounds: Maintenance;
  readonly #dispatcher: Dispatcher;
  readonly #admission: Admission;
  /** How long an account answers, checks of its session included. */
  readonly #leaseTime = new MovingAverage();
  /** Until the site has the prompt. */
  readonly #sendTime = new MovingAverage();

  constructor(options: SessionPoolOptions, log: Log) {
    this.#options = options;
    this.#log = log;
    this.#line = new RequestQueue(options);
    const shelve = (account: Account): Promise<void> => this.#dispatcher.shelve(account);
    const onFailure = (): void => this.refuseUnservable();
    const shared = { accounts: this.#accounts, shelf: this.#shelf, shelve, log, signal: this.#stopping.signal };
    this.#pages = new PageBudget({ ...options, ...shared });
    this.#recovery = new Recovery({ ...shared, pages: this.#pages, onFailure });
    this.#dispatcher = new Dispatcher({ ...shared, line: this.#line, pages: this.#pages, recovery: this.#recovery });
    this.#admission = new Admission({
      accounts: this.#accounts,
      line: this.#line,
      timeoutMs: options.timeoutMs,
      room: () => options.maxOpenSessions - this.openPages,
      leases: this.#leaseTime,
      sends: this.#sendTime,
      openings: this.#pages.openingTime,
    });
    const handOut = (): Promise<void> => this.#dispatcher.handOut();
    this.#rounds = new Maintenance({ ...options, ...shared, pages: this.#pages, recovery: this.#recovery, handOut });
  }

  /** Takes an account in. Its session opens in the background while there is room, else when it is needed. */
  async add(account: Account): Promise<void> {
    this.#accounts.set(account.id, account);
    account.session.onLost = () => {
      this.#pages.changed();
      void this.#dispatcher.handOut();
    };
    await this.#dispatcher.pass(() => this.#shelf.add(account));
    this.#background(this.#recovery.bring(account, { eagerly: this.#accounts.size <= this.#options.maxOpenSessions }));
  }

  /** Lets an account go as soon as the request that it answers is over. Resolves when it is gone. */
  async remove(id: string): Promise<void> {
    const account = this.#accounts.get(id);
    if (!account) return;
    account.isRetired = true;
    const running = [...this.#leases].filter((lease) => lease.account === account).map((lease) => lease.settled);
    await Promise.all(running);
    await this.#dispatcher.pass(() => this.#shelf.remove(account));
    this.#accounts.delete(id);
    await account.rateLimiter.stop();
    // It may come back, and its token may hold once.
    await account.session.keepCookies().catch(() => {});
    await account.session[Symbol.asyncDispose]();
    this.#pages.changed();
  }

  /**
   * Waits for a session that may be lent and is none of `except`.
   * @throws GatewayError `no_usable_account` when there is none to wait for; `rate_limit_exceeded`, also when it
   * cannot be served in its time; `queue_timeout`, `overloaded`, `server_shutting_down`; the signal's reason when it aborts.
   */
  async lease(except: ReadonlySet<string>, caller: Caller, signal: AbortSignal): Promise<Lease> {
    if (this.#stopping.signal.aborted) throw shuttingDown();
    if (this.#options.memory.isFull) throw overloaded();
    const wish = this.#admission.wishOf(caller, except);
    this.#admission.check(wish);
    const waiting = this.#line.wait(wish, signal);
    // Another keyId's newcomer comes before requests that were here before.
    this.refuseUnservable();
    void this.#dispatcher.handOut();
    const account = await waiting;
    account.enter("busy", "answering");
    const lease: Lease = new Lease(account, this.#options.leaseLimitMs, (error) => this.#settle(lease, error));
    this.#leases.add(lease);
    // Whoever waits for the leases waits for what they leave behind as well: a token that came with the answer.
    void lease.settled.then(() => this.#leases.delete(lease));
    return lease;
  }

  get states(): readonly AccountStatus[] {
    return [...this.#accounts.values()].map(({ id, state, reason, since, nextUseAt, session }) => {
      return { id, state, reason, since, nextTryAt: nextUseAt, expiresAt: session.authCookies.expiresAt };
    });
  }

  /** The caller's place among those who wait, 1 for the next; undefined when it does not. */
  positionOf(caller: Caller): number | undefined {
    return this.#line.positionOf(caller);
  }

  /** Turns away requests that wait for accounts that will not come back in time. */
  refuseUnservable(): void {
    this.#admission.refuseUnservable();
  }

  /** How long the caller waits on, as far as is known, in milliseconds; undefined when it does not wait. */
  waitMsOf(caller: Caller): number | undefined {
    return this.#admission.waitMsOf(caller);
  }

  /** How the line stands for who comes now and waits behind everybody. */
  get queue(): QueueStatus {
    return this.#admission.status;
  }

  get waiting(): number {
    return this.#line.length;
  }

  get openPages(): number {
    return [...this.#accounts.values()].filter(({ session }) => session.holdsPage).length;
  }

  /** How often sessions failed so far, by the code of what befell them. */
  get sessionFailures(): ReadonlyMap<string, number> {
    return this.#recovery.failures;
  }

  /** Ready to serve, busy included; else why not, a line a state. Whoever asks needs no key, so nobody is named. */
  get readiness(): { readonly ready: boolean; readonly reasons: readonly string[] } {
    if (this.#stopping.signal.aborted) return { ready: false, reasons: ["shutting down"] };
    const accounts = [...this.#accounts.values()];
    const isShelved = this.#shelf.open + this.#shelf.asleep > 0;
    const ready = isShelved || accounts.some(({ state }) => state === "busy" || state === "rate_limited");
    const byState = Object.groupBy(accounts, ({ state }) => state);
    const reasons = Object.entries(byState).map(([state, some]) => `${some.length} ${state}: ${some[0]?.reason}`);
    return { ready, reasons: ready ? [] : reasons };
  }

  /**
   * Admits nobody any more and waits until the last lease is back, or until the signal aborts. Every session then knows its
   * browser's cookies: a page may have been given a new token while nobody asked.
   */
  async drain(signal: AbortSignal): Promise<void> {
    this.#stopping.abort(shuttingDown());
    this.#line.refuse(shuttingDown);
    const abandoned = Promise.withResolvers<void>();
    const onAbort = (): void => abandoned.resolve();
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    await Promise.race([Promise.all([...this.#leases].map((lease) => lease.settled)), abandoned.promise]);
    signal.removeEventListener("abort", onAbort);
    await Promise.all([...this.#accounts.values()].map(({ session }) => session.keepCookies().catch(() => {})));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#rounds[Symbol.dispose]();
    this.#pages[Symbol.dispose]();
    await this.drain(AbortSignal.abort());
    const accounts = [...this.#accounts.values()];
    await Promise.all(accounts.map((account) => account.rateLimiter.stop()));
    await Promise.all(accounts.map((account) => account.session[Symbol.asyncDispose]()));
  }

  /** A lease came back, or was taken back. */
  async #settle(lease: Lease, error: GatewayError | undefined): Promise<void> {
    const { account } = lease;
    account.idleSinceMs = performance.now();
    const failure = error && error.row.fate !== "keep" ? error : await account.checkIn();
    if (failure) await this.#recovery.fail(account, failure, lease.isUnsolved);
    else if (!error) {
      account.succeed();
      this.#leaseTime.add(lease.elapsedMs);
      this.#sendTime.add(lease.sentAfterMs ?? 0);
      this.#background(this.#pages.renewWorn(account, this.#log, this.#stopping.signal));
    }
    this.#background(this.#recovery.bring(account, { eagerly: false }));
    this.refuseUnservable();
  }

  /** Work that nobody awaits reports its failure here; there should be none. */
  #background(work: Promise<unknown>): void {
    work.catch((cause: unknown) => this.#log.error({ err: cause }, "the pool failed"));
  }
}

function shuttingDown(): GatewayError {
  return new GatewayError("server_shutting_down", "The gateway is shutting down.", { retryAfterMs: RESTART_MS });
}

function overloaded(): GatewayError {
  return new GatewayError("overloaded", "The gateway is short of memory; running answers go on.");
}
