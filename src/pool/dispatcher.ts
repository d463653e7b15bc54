import { GatewayError } from "../errors.ts";
import type { Log } from "../observe/log.ts";
import { ASLEEP, type PageBudget } from "./page-budget.ts";
import type { Recovery } from "./recovery.ts";
import type { IdleSessions } from "./idle-sessions.ts";
import type { Account } from "./account.ts";
import type { RequestQueue } from "./request-queue.ts";

export interface DispatcherParts {
  readonly accounts: ReadonlyMap<string, Account>;
  readonly line: RequestQueue<Account>;
  readonly shelf: IdleSessions;
  readonly pages: PageBudget;
  readonly recovery: Recovery;
  readonly log: Log;
  /** Aborts when the gateway stops. */
  readonly signal: AbortSignal;
}

/** Gives sessions from the shelf to the requests that wait, and wakes sleeping ones for them. */
export class Dispatcher {
  readonly #parts: DispatcherParts;
  /** Sessions that are woken for somebody in the line. */
  #waking = 0;
  #passing: Promise<void> = Promise.resolve();

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  /** Puts a session where it can be lent. */
  async shelve(account: Account): Promise<void> {
    const { line, shelf, pages } = this.#parts;
    if (account.session.isOpen) {
      account.enter("ready", "waiting for a request");
      // On the shelf it might be closed to make room before anybody gets it.
      if (line.offer(account)) return;
    } else account.enter("idle", ASLEEP);
    await shelf.put(account);
    pages.changed();
    void this.handOut();
  }

  /** To those who wait, or to repair. */
  handOut(): Promise<void> {
    return this.pass(async () => {
      await this.#offerOpen();
      await this.#wakeSome();
    });
  }

  /** One pass at a time over the shelf: during one it is emptier than it is. */
  pass(work: () => Promise<void>): Promise<void> {
    const passed = this.#passing.then(work);
    this.#passing = passed.catch(() => {});
    this.#background(passed);
    return passed;
  }

  async #offerOpen(): Promise<void> {
    const { accounts, line, shelf, pages, recovery } = this.#parts;
    const kept: Account[] = [];
    const isDone = (): boolean => line.length === 0 && [...accounts.values()].every((account) => account.isSound);
    while (shelf.open > 0 && !isDone()) {
      const account = await shelf.takeOpen();
      if (!account) break;
      if (!account.session.isOpen) {
        recovery.lose(account);
        this.#background(recovery.bring(account, { eagerly: false }));
      } else if (!line.offer(account)) kept.push(account);
    }
    for (const account of kept) await shelf.put(account);
    // One of them may close for a page that is to open.
    if (kept.length > 0) pages.changed();
  }

  /** Opens as many sleeping sessions as there are people in the line for whom none is open. */
  async #wakeSome(): Promise<void> {
    const { line, shelf } = this.#parts;
    const kept: Account[] = [];
    while (line.length > this.#waking && shelf.asleep > 0) {
      const account = await shelf.takeAsleep();
      if (!account) break;
      if (line.wanting([account]) > this.#waking) {
        this.#waking += 1;
        this.#background(this.#wake(account));
      } else kept.push(account);
    }
    for (const account of kept) await shelf.put(account);
  }

  async #wake(account: Account): Promise<void> {
    const { line, pages, recovery, signal } = this.#parts;
    try {
      await pages.open(account, { isWanted: () => line.wanting([account]) > 0, isUrgent: true }, signal);
    } catch (cause) {
      if (!signal.aborted) recovery.failToOpen(account, GatewayError.from(cause));
    } finally {
      this.#waking -= 1;
    }
    await recovery.bring(account, { eagerly: false });
  }

  /** Work that nobody awaits reports its failure here; there should be none. */
  #background(work: Promise<unknown>): void {
    work.catch((cause: unknown) => this.#parts.log.error({ err: cause }, "the pool failed"));
  }
}
