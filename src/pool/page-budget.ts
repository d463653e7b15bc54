import type { Log } from "../observe/log.ts";
import type { MemoryPressure } from "../process/memory-pressure.ts";
import { MovingAverage } from "./moving-average.ts";
import { OpenRate, OPENING_BURST } from "./open-rate.ts";
import type { RateLimit } from "./rate-limiter.ts";
import type { IdleSessions } from "./idle-sessions.ts";
import type { Account } from "./account.ts";

/** How many pages are opened at a time: more would only slow each other down. */
const OPENING_LIMIT = OPENING_BURST;
export const ASLEEP = "asleep: its page is closed until it is needed";

export interface PageBudgetOptions {
  /** How many pages may be open at once. */
  readonly maxOpenSessions: number;
  /** An account that nobody used for so long is asked about, each a fifth sooner or later; milliseconds. */
  readonly probeAfterMs: number;
  readonly memory: MemoryPressure;
  /** How many pages open in a span of time, after the first few; undefined: each as soon as it can. */
  readonly openRate?: RateLimit | undefined;
}

/** Whether a page is still to open, and whether a request waits for it. */
export interface Wanted {
  readonly isWanted: () => boolean;
  readonly isUrgent: boolean;
}

export interface PagesParts extends PageBudgetOptions {
  readonly accounts: ReadonlyMap<string, Account>;
  readonly shelf: IdleSessions;
  /** Puts a session where it can be lent. */
  readonly shelve: (account: Account) => Promise<void>;
}

/** Decides which sessions have their page open: no more than fit, a few opening at a time, and the idle ones give way. */
export class PageBudget implements Disposable {
  readonly #parts: PagesParts;
  readonly #opening = new Set<Account>();
  /** How long pages take to open. */
  readonly openingTime = new MovingAverage();
  #waiting: (() => void)[] = [];
  readonly #rate: OpenRate;
  /** How many that a request waits for have not begun to open. */
  #urgent = 0;

  constructor(parts: PagesParts) {
    this.#parts = parts;
    this.#rate = new OpenRate(parts.openRate, () => this.changed());
  }

  /** Whether one more may open without another closing. */
  get hasRoom(): boolean {
    return this.#openCount < this.#parts.maxOpenSessions && (this.#openCount === 0 || !this.#parts.memory.isTight);
  }

  /**
   * Opens the account's page when there is room and its turn has come. False when it was not opened because `isWanted` said
   * so by then. @throws GatewayError as Session.open does; the signal's reason.
   */
  async open(account: Account, wanted: Wanted, signal: AbortSignal): Promise<boolean> {
    if (!(await this.#turn(account, wanted, signal))) return false;
    try {
      account.enter("opening", "going to the site");
      const startedMs = performance.now();
      const { signedInMs } = account;
      const isKnownSignedIn = signedInMs !== undefined && performance.now() - signedInMs < this.#parts.probeAfterMs;
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

  /** To be called when a page closed, or a session became idle. */
  changed(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Closes the pages of sessions that were idle for so long. */
  async sleepIdle(idleMs: number): Promise<void> {
    const limitMs = this.#parts.memory.isTight ? 0 : idleMs;
    const isDue = (account: Account): boolean => performance.now() - account.idleSinceMs >= limitMs;
    // Each is looked at when its turn comes: it may have been lent while another one's page closed.
    for (const account of this.#parts.accounts.values()) {
      if (!isUnusable(account) || !isDue(account)) continue;
      await account.session.sleep();
      this.changed();
    }
    await this.#parts.shelf.eachOpen(isDue, (account) => this.#sleep(account));
    this.changed();
  }

  /** A page grows with use, and only a new one gives that back. The old one serves until the new one is ready. */
  async renewWorn({ id, session }: Account, log: Log, signal: AbortSignal): Promise<void> {
    if (!(await session.shouldRecycle())) return;
    try {
      await session.recycle(signal);
      log.info({ account: id }, "page renewed");
    } catch (cause) {
      log.warn({ account: id, err: cause }, "page not renewed");
    }
  }

  /** Waits for its turn, and takes it. False when the page is not wanted any more. */
  async #turn(account: Account, { isWanted, isUrgent }: Wanted, signal: AbortSignal): Promise<boolean> {
    if (isUrgent) this.#urgent += 1;
    try {
      while (!account.session.isOpen && !(this.#isTurn(isUrgent) && this.hasRoom)) {
        if (this.#isTurn(isUrgent) && (await this.#closeIdle())) continue;
        await this.#change(signal);
        if (!isWanted()) return false;
      }
      // Nothing is awaited in between: another one would take the same turn.
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

  /** Pages that a request waits for come first. */
  #isTurn(isUrgent: boolean): boolean {
    return this.#opening.size < OPENING_LIMIT && (isUrgent || this.#urgent === 0) && this.#rate.isDue;
  }

  get #openCount(): number {
    return [...this.#parts.accounts.values()].filter(
      (account) => account.session.holdsPage || this.#opening.has(account),
    ).length;
  }

  /** Closes one idle page: of the session that must wait longest, else of the one that stood ready longest. */
  async #closeIdle(): Promise<boolean> {
    const unusables = [...this.#parts.accounts.values()].filter(isUnusable);
    const [unusable] = unusables.sort((one, other) => other.waitMs - one.waitMs);
    if (unusable) {
      await unusable.session.sleep();
      return true;
    }
    const idle = await this.#parts.shelf.takeOpen();
    if (idle) await this.#sleep(idle);
    return idle !== undefined;
  }

  async #sleep(account: Account): Promise<void> {
    account.enter("idle", ASLEEP);
    await account.session.sleep();
    // Somebody may have come for it meanwhile.
    await this.#parts.shelve(account);
  }

  async #change(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    const onAbort = (): void => resolve();
    signal.addEventListener("abort", onAbort, { once: true });
    await promise;
    signal.removeEventListener("abort", onAbort);
    signal.throwIfAborted();
  }
}

/** Its page is open, and nobody may use it for a while. */
function isUnusable({ state, session }: Account): boolean {
  return (state === "rate_limited" || state === "cooldown") && session.isOpen;
}
