import { GatewayError } from "../errors.ts";
import type { Log } from "../observe/log.ts";
import type { Account } from "./account.ts";
import type { Candidate } from "./distant-account.ts";
import { inBackground } from "./background.ts";
import type { IdleSessions } from "./idle-sessions.ts";
import type { PageBudget } from "./page-budget.ts";
import type { Recovery } from "./recovery.ts";
import type { RequestQueue } from "./request-queue.ts";

export interface DispatcherParts {
  readonly accounts: ReadonlyMap<string, Account>;
  readonly queue: RequestQueue<Account, Candidate>;
  readonly idle: IdleSessions;
  readonly pages: PageBudget;
  readonly recovery: Recovery;
  readonly log: Log;
  /** Aborts when the gateway stops. */
  readonly signal: AbortSignal;
}

/** Gives idle sessions to waiting requests, and wakes sleeping ones for them. */
export class Dispatcher {
  readonly #parts: DispatcherParts;
  /** The accounts whose sessions are being woken for waiting requests. */
  readonly #waking = new Set<Account>();
  /** Ends when the passes so far have ended. */
  #lastPass: Promise<void> = Promise.resolve();

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  /** Puts a session where it can be leased: at once to a waiting request, else among the idle ones. */
  async makeAvailable(account: Account): Promise<void> {
    const { queue, idle, pages } = this.#parts;
    if (account.session.isOpen && !account.isHeld) {
      account.becomeReady();
      // Among the idle ones it might be closed to make room before a request gets it.
      if (!this.#parts.signal.aborted && queue.offer(account)) return;
    } else if (!account.isHeld) account.sleep();
    await idle.put(account);
    pages.changed();
    void this.dispatch();
  }

  /** Gives idle sessions to waiting requests; sends broken ones to recovery. */
  dispatch(): Promise<void> {
    return this.pass(async () => {
      // What waits then is served by other replicas.
      if (this.#parts.signal.aborted) return;
      await this.#offerOpen();
      await this.#wakeSome();
    });
  }

  /** Serialises work on the idle sessions: while a pass runs, the sessions that it took out are missing from them. */
  pass(work: () => Promise<void>): Promise<void> {
    const pass = this.#lastPass.then(work);
    this.#lastPass = pass.catch(() => {});
    inBackground(pass, this.#parts.log);
    return pass;
  }

  async #offerOpen(): Promise<void> {
    const { accounts, queue, idle, pages, recovery, log } = this.#parts;
    const kept: Account[] = [];
    const isDone = (): boolean => queue.length === 0 && [...accounts.values()].every(isSound);
    while (idle.open > 0 && !isDone()) {
      const account = await idle.takeOpen();
      if (!account) break;
      if (!account.session.isOpen) {
        recovery.lose(account);
        inBackground(recovery.bringBack(account, { eagerly: false }), log);
      } else if (!queue.offer(account)) kept.push(account);
    }
    for (const account of kept) await idle.put(account);
    // One of them may close to make room for a page that is to open.
    if (kept.length > 0) pages.changed();
  }

  /** Opens as many sleeping sessions of each site as there are waiting requests without an open one. */
  async #wakeSome(): Promise<void> {
    const { queue, idle, log } = this.#parts;
    const kept: Account[] = [];
    while (queue.length > this.#waking.size && idle.asleep > 0) {
      const account = await idle.takeAsleep();
      if (!account) break;
      const alike = [...this.#waking].filter(({ site }) => site === account.site);
      if (queue.countWaking(account) > alike.length) {
        this.#waking.add(account);
        inBackground(this.#wake(account), log);
      } else kept.push(account);
    }
    for (const account of kept) await idle.put(account);
  }

  async #wake(account: Account): Promise<void> {
    const { queue, pages, recovery, signal } = this.#parts;
    const isWanted = (): boolean => queue.countWaking(account) > 0;
    try {
      await pages.open(account, { isWanted, isUrgent: true }, signal);
    } catch (cause) {
      if (!signal.aborted) recovery.failToOpen(account, GatewayError.from(cause));
    } finally {
      this.#waking.delete(account);
    }
    await recovery.bringBack(account, { eagerly: false });
  }
}

/** False if retired, or marked ready although its page is gone. */
function isSound({ isRetired, state, session }: Account): boolean {
  return !isRetired && (state !== "ready" || session.isOpen);
}
