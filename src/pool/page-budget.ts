import type { Log } from "../observe/log.ts";
import { abortable } from "../process/abortable.ts";
import type { MemoryPressure } from "../process/memory-pressure.ts";
import type { AccountEvents, RenewalReason } from "./account-event.ts";
import type { Account } from "./account.ts";
import type { IdleSessions } from "./idle-sessions.ts";
import { MovingAverage } from "./moving-average.ts";
import { OpenRate, OPENING_BURST } from "./open-rate.ts";
import type { RateLimit } from "./rate-limiter.ts";

/** How many pages open at a time. More would only slow each other down. */
const OPENING_LIMIT = OPENING_BURST;

export interface PageBudgetOptions {
  /** How many pages may be open at once. */
  readonly maxOpenSessions: number;
  /** A sign-in that was confirmed longer ago than this is checked, each a fifth sooner or later; milliseconds. */
  readonly probeAfterMs: number;
  readonly memory: MemoryPressure;
  /** How many pages open in a time window, after the first few; undefined opens each as soon as possible. */
  readonly openRate?: RateLimit | undefined;
}

/** Why a page is to open. */
export interface Demand {
  /** Whether it still is to open. */
  readonly isWanted: () => boolean;
  /** A request waits for it. */
  readonly isUrgent: boolean;
}

interface Renewal {
  readonly reason: RenewalReason;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export interface PageBudgetParts extends PageBudgetOptions {
  readonly events: AccountEvents;
  readonly accounts: ReadonlyMap<string, Account>;
  readonly idle: IdleSessions;
  /** Puts a session where it can be leased. */
  readonly makeAvailable: (account: Account) => Promise<void>;
}

/** Decides which pages are open: no more than fit, a few opening at a time, and idle ones close to make room. */
export class PageBudget implements Disposable {
  readonly #parts: PageBudgetParts;
  readonly #opening = new Set<Account>();
  /** How long pages take to open. */
  readonly openingTime = new MovingAverage();
  #waiting: (() => void)[] = [];
  readonly #rate: OpenRate;
  /** How many urgent pages have not begun to open. */
  #urgent = 0;

  constructor(parts: PageBudgetParts) {
    this.#parts = parts;
    this.#rate = new OpenRate(parts.openRate, () => this.changed());
  }

  /** Whether another page may open without one closing. */
  get hasRoom(): boolean {
    return this.#openCount < this.#parts.maxOpenSessions && (this.#openCount === 0 || !this.#parts.memory.isTight);
  }

  /**
   * Opens the account's page when there is room and its turn has come. False when it was no longer wanted or in service by
   * then.
   * @throws GatewayError as Session.open does; the signal's reason.
   */
  async open(account: Account, demand: Demand, signal: AbortSignal): Promise<boolean> {
    if (!(await this.#takeTurn(account, demand, signal))) return false;
    try {
      account.startOpening();
      const startedMs = performance.now();
      const isKnownSignedIn = account.signIn.isConfirmedWithin(this.#parts.probeAfterMs);
      await account.session.open(signal, { isKnownSignedIn });
      account.opened({ isProven: !isKnownSignedIn });
      this.openingTime.add(performance.now() - startedMs);
      return true;
    } finally {
      this.#opening.delete(account);
      this.changed();
    }
  }

  [Symbol.dispose](): void {
    this.#rate[Symbol.dispose]();
  }

  /** Call it when a page has closed, a session has become idle, or a page is no longer wanted. */
  changed(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Closes the pages of sessions that were idle for this long. */
  async sleepIdle(idleMs: number): Promise<void> {
    const limitMs = this.#parts.memory.isTight ? 0 : idleMs;
    const isDue = (account: Account): boolean => performance.now() - account.idleSinceMs >= limitMs;
    // Each is checked at its turn: it may have been leased while another page closed.
    for (const account of this.#parts.accounts.values()) {
      if (!isUnusable(account) || !isDue(account)) continue;
      await account.session.sleep();
      this.changed();
    }
    await this.#parts.idle.eachOpen(isDue, (account) => this.#sleep(account));
    this.changed();
  }

  /** Replaces a worn page: it grows with use, and only a new one frees the memory. The old one serves until then. */
  async recycleWorn(account: Account, log: Log, signal: AbortSignal): Promise<void> {
    const reason = await account.session.wornBy();
    if (reason) await this.recycle(account, { reason, log, signal });
  }

  /** Replaces the page with a new one. The old one serves until then. */
  async recycle({ id, session }: Account, { reason, log, signal }: Renewal): Promise<void> {
    try {
      await session.recycle(signal);
      log.info({ account: id, reason }, "page recycled");
      this.#parts.events.emit({ kind: "page_renewed", accountId: id, reason });
    } catch (cause) {
      log.warn({ account: id, err: cause }, "page not recycled");
    }
  }

  /** Waits until the page may open. False when it is no longer wanted. */
  async #takeTurn(account: Account, { isWanted, isUrgent }: Demand, signal: AbortSignal): Promise<boolean> {
    if (isUrgent) this.#urgent += 1;
    try {
      while (!account.session.isOpen && !(this.#isTurn(isUrgent) && this.hasRoom)) {
        if (this.#isTurn(isUrgent) && (await this.#closeIdle())) continue;
        await this.#nextChange(signal);
        if (!account.isInService || !isWanted()) return false;
      }
      // Nothing is awaited in between, or another page would take the same turn.
      if (!account.session.isOpen) this.#rate.take();
      this.#opening.add(account);
      return true;
    } finally {
      if (isUrgent) {
        this.#urgent -= 1;
        // The others waited for it.
        this.changed();
      }
    }
  }

  /** Urgent pages come first. */
  #isTurn(isUrgent: boolean): boolean {
    return this.#opening.size < OPENING_LIMIT && (isUrgent || this.#urgent === 0) && this.#rate.isDue;
  }

  get #openCount(): number {
    return [...this.#parts.accounts.values()].filter(
      (account) => account.session.holdsPage || this.#opening.has(account),
    ).length;
  }

  /** Closes one idle page: first of the account that cannot serve for longest, else of the one that was idle longest. */
  async #closeIdle(): Promise<boolean> {
    const unusables = [...this.#parts.accounts.values()].filter(isUnusable);
    const [unusable] = unusables.sort((one, other) => other.waitMs - one.waitMs);
    if (unusable) {
      await unusable.session.sleep();
      return true;
    }
    const idle = await this.#parts.idle.takeOpen();
    if (idle) await this.#sleep(idle);
    return idle !== undefined;
  }

  async #sleep(account: Account): Promise<void> {
    account.sleep();
    await account.session.sleep();
    // A request may wait for it by now.
    await this.#parts.makeAvailable(account);
  }

  async #nextChange(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    await abortable(promise, signal);
  }
}

/** Its page is open, and no request gets it for a while. */
function isUnusable({ state, session }: Account): boolean {
  return (state === "rate_limited" || state === "cooldown" || state === "disabled") && session.isOpen;
}
