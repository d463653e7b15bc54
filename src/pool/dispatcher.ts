import { GatewayError } from "../errors.ts";
import type { Log } from "../observe/log.ts";
import { ASLEEP, type Pages } from "./page-budget.ts";
import type { Recovery } from "./recovery.ts";
import type { Shelf } from "./idle-sessions.ts";
import type { Slot } from "./account.ts";
import type { WaitingLine } from "./request-queue.ts";

export interface DispatcherParts {
  readonly slots: ReadonlyMap<string, Slot>;
  readonly line: WaitingLine<Slot>;
  readonly shelf: Shelf;
  readonly pages: Pages;
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
  async shelve(slot: Slot): Promise<void> {
    const { line, shelf, pages } = this.#parts;
    if (slot.session.isOpen) {
      slot.enter("ready", "waiting for a request");
      // On the shelf it might be closed to make room before anybody gets it.
      if (line.offer(slot)) return;
    } else slot.enter("cold", ASLEEP);
    await shelf.put(slot);
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
    const { slots, line, shelf, pages, recovery } = this.#parts;
    const kept: Slot[] = [];
    const isDone = (): boolean => line.length === 0 && [...slots.values()].every((slot) => slot.isSound);
    while (shelf.open > 0 && !isDone()) {
      const slot = await shelf.takeOpen();
      if (!slot) break;
      if (!slot.session.isOpen) {
        recovery.lose(slot);
        this.#background(recovery.bring(slot, { eagerly: false }));
      } else if (!line.offer(slot)) kept.push(slot);
    }
    for (const slot of kept) await shelf.put(slot);
    // One of them may close for a page that is to open.
    if (kept.length > 0) pages.changed();
  }

  /** Opens as many sleeping sessions as there are people in the line for whom none is open. */
  async #wakeSome(): Promise<void> {
    const { line, shelf } = this.#parts;
    const kept: Slot[] = [];
    while (line.length > this.#waking && shelf.asleep > 0) {
      const slot = await shelf.takeAsleep();
      if (!slot) break;
      if (line.wanting([slot]) > this.#waking) {
        this.#waking += 1;
        this.#background(this.#wake(slot));
      } else kept.push(slot);
    }
    for (const slot of kept) await shelf.put(slot);
  }

  async #wake(slot: Slot): Promise<void> {
    const { line, pages, recovery, signal } = this.#parts;
    try {
      await pages.open(slot, { isWanted: () => line.wanting([slot]) > 0, isUrgent: true }, signal);
    } catch (cause) {
      if (!signal.aborted) recovery.failToOpen(slot, GatewayError.from(cause));
    } finally {
      this.#waking -= 1;
    }
    await recovery.bring(slot, { eagerly: false });
  }

  /** Work that nobody awaits reports its failure here; there should be none. */
  #background(work: Promise<unknown>): void {
    work.catch((cause: unknown) => this.#parts.log.error({ err: cause }, "the pool failed"));
  }
}
