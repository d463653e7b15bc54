import { GatewayError } from "../errors.ts";
import type { Log } from "../observe/log.ts";
import { Admission, type QueueStatus } from "./admission.ts";
import { Dispatcher } from "./dispatcher.ts";
import { Lease } from "./lease.ts";
import { MovingAverage } from "./moving-average.ts";
import { Pages, type PagesOptions } from "./page-budget.ts";
import { Recovery } from "./recovery.ts";
import { Rounds, type RoundsOptions } from "./maintenance.ts";
import { Shelf } from "./idle-sessions.ts";
import type { Slot } from "./account.ts";
import { WaitingLine, type Caller, type WaitingLineLimits } from "./request-queue.ts";

export interface SessionPoolOptions extends WaitingLineLimits, PagesOptions, RoundsOptions {
  /** A lease that is held longer is taken back. */
  readonly leaseLimitMs: number;
}

/** `expiresAt`: when the site will sign it out, in milliseconds since the epoch, where that is known. */
export type SlotStatus = Pick<Slot, "id" | "state" | "reason" | "since" | "nextTryAt"> & {
  readonly expiresAt: number | undefined;
};

/** A gateway that stops is started again about then. */
const RESTART_MS = 1_000;

/**
 * Lends each credential's session to one request at a time, to whoever's turn it is. What may be lent now stands on the
 * shelf; a session that opens, rests or recovers is off it.
 */
export class SessionPool implements AsyncDisposable {
  readonly #slots = new Map<string, Slot>();
  readonly #options: SessionPoolOptions;
  readonly #log: Log;
  readonly #line: WaitingLine<Slot>;
  readonly #shelf = new Shelf();
  readonly #pages: Pages;
  readonly #recovery: Recovery;
  readonly #stopping = new AbortController();
  readonly #leases = new Set<Lease>();
  readonly #rounds: Rounds;
  readonly #dispatcher: Dispatcher;
  readonly #admission: Admission;
  /** How long an account answers, checks of its session included. */
  readonly #leaseTime = new MovingAverage();
  /** Until the site has the prompt. */
  readonly #sendTime = new MovingAverage();

  constructor(options: SessionPoolOptions, log: Log) {
    this.#options = options;
    this.#log = log;
    this.#line = new WaitingLine(options);
    const shelve = (slot: Slot): Promise<void> => this.#dispatcher.shelve(slot);
    const onFailure = (): void => this.refuseHopeless();
    const shared = { slots: this.#slots, shelf: this.#shelf, shelve, log, signal: this.#stopping.signal };
    this.#pages = new Pages({ ...options, ...shared });
    this.#recovery = new Recovery({ ...shared, pages: this.#pages, onFailure });
    this.#dispatcher = new Dispatcher({ ...shared, line: this.#line, pages: this.#pages, recovery: this.#recovery });
    this.#admission = new Admission({
      slots: this.#slots,
      line: this.#line,
      timeoutMs: options.timeoutMs,
      room: () => options.maxOpenSessions - this.openPages,
      leases: this.#leaseTime,
      sends: this.#sendTime,
      openings: this.#pages.openingTime,
    });
    const handOut = (): Promise<void> => this.#dispatcher.handOut();
    this.#rounds = new Rounds({ ...options, ...shared, pages: this.#pages, recovery: this.#recovery, handOut });
  }

  /** Takes a credential in. Its session opens in the background while there is room, else when it is needed. */
  async add(slot: Slot): Promise<void> {
    this.#slots.set(slot.id, slot);
    slot.session.onLost = () => {
      this.#pages.changed();
      void this.#dispatcher.handOut();
    };
    await this.#dispatcher.pass(() => this.#shelf.add(slot));
    this.#background(this.#recovery.bring(slot, { eagerly: this.#slots.size <= this.#options.maxOpenSessions }));
  }

  /** Lets a credential go as soon as the request that it answers is over. Resolves when it is gone. */
  async remove(id: string): Promise<void> {
    const slot = this.#slots.get(id);
    if (!slot) return;
    slot.isRetired = true;
    const running = [...this.#leases].filter((lease) => lease.slot === slot).map((lease) => lease.settled);
    await Promise.all(running);
    await this.#dispatcher.pass(() => this.#shelf.remove(slot));
    this.#slots.delete(id);
    await slot.pace.stop();
    // It may come back, and its token may hold once.
    await slot.session.keepCookies().catch(() => {});
    await slot.session[Symbol.asyncDispose]();
    this.#pages.changed();
  }

  /**
   * Waits for a session that may be lent and is none of `except`.
   * @throws GatewayError `no_usable_credential` when there is none to wait for; `rate_limit_exceeded`, also when it
   * cannot be served in its time; `queue_timeout`, `overloaded`, `server_shutting_down`; the signal's reason when it aborts.
   */
  async lease(except: ReadonlySet<string>, caller: Caller, signal: AbortSignal): Promise<Lease> {
    if (this.#stopping.signal.aborted) throw shuttingDown();
    if (this.#options.memory.isFull) throw overloaded();
    const wish = this.#admission.wishOf(caller, except);
    this.#admission.check(wish);
    const waiting = this.#line.wait(wish, signal);
    // Another tenant's newcomer comes before requests that were here before.
    this.refuseHopeless();
    void this.#dispatcher.handOut();
    const slot = await waiting;
    slot.enter("busy", "answering");
    const lease: Lease = new Lease(slot, this.#options.leaseLimitMs, (error) => this.#settle(lease, error));
    this.#leases.add(lease);
    // Whoever waits for the leases waits for what they leave behind as well: a token that came with the answer.
    void lease.settled.then(() => this.#leases.delete(lease));
    return lease;
  }

  get states(): readonly SlotStatus[] {
    return [...this.#slots.values()].map(({ id, state, reason, since, nextUseAt, session }) => {
      return { id, state, reason, since, nextTryAt: nextUseAt, expiresAt: session.signIn.expiresAt };
    });
  }

  /** The caller's place among those who wait, 1 for the next; undefined when it does not. */
  placeOf(caller: Caller): number | undefined {
    return this.#line.placeOf(caller);
  }

  /** Turns away requests that wait for accounts that will not come back in time. */
  refuseHopeless(): void {
    this.#admission.refuseHopeless();
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
    return [...this.#slots.values()].filter(({ session }) => session.holdsPage).length;
  }

  /** How often sessions failed so far, by the code of what befell them. */
  get sessionFailures(): ReadonlyMap<string, number> {
    return this.#recovery.failures;
  }

  /** Ready to serve, busy included; else why not, a line a state. Whoever asks needs no key, so nobody is named. */
  get readiness(): { readonly ready: boolean; readonly reasons: readonly string[] } {
    if (this.#stopping.signal.aborted) return { ready: false, reasons: ["shutting down"] };
    const slots = [...this.#slots.values()];
    const isShelved = this.#shelf.open + this.#shelf.asleep > 0;
    const ready = isShelved || slots.some(({ state }) => state === "busy" || state === "resting");
    const byState = Object.groupBy(slots, ({ state }) => state);
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
    await Promise.all([...this.#slots.values()].map(({ session }) => session.keepCookies().catch(() => {})));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#rounds[Symbol.dispose]();
    this.#pages[Symbol.dispose]();
    await this.drain(AbortSignal.abort());
    const slots = [...this.#slots.values()];
    await Promise.all(slots.map((slot) => slot.pace.stop()));
    await Promise.all(slots.map((slot) => slot.session[Symbol.asyncDispose]()));
  }

  /** A lease came back, or was taken back. */
  async #settle(lease: Lease, error: GatewayError | undefined): Promise<void> {
    const { slot } = lease;
    slot.idleSinceMs = performance.now();
    const failure = error && error.row.fate !== "keep" ? error : await slot.checkIn();
    if (failure) await this.#recovery.fail(slot, failure, lease.isUnsolved);
    else if (!error) {
      slot.succeed();
      this.#leaseTime.add(lease.elapsedMs);
      this.#sendTime.add(lease.sentAfterMs ?? 0);
      this.#background(this.#pages.renewWorn(slot, this.#log, this.#stopping.signal));
    }
    this.#background(this.#recovery.bring(slot, { eagerly: false }));
    this.refuseHopeless();
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
