import { createPool, type Pool } from "generic-pool";
import type { Slot } from "./account.ts";

/** More than anybody has accounts; the real number is that of the slots that were added. */
const MAX_SLOTS = 1_000_000;

/**
 * The slots that may be lent now, longest idle first: those whose page is open apart from those that sleep. generic-pool
 * keeps them; what is lent, rests or recovers is one that it was not given back, because it retries a failing `create`
 * without pause and hangs on a failing `validate`.
 */
export class Shelf {
  readonly #open = new Row();
  readonly #asleep = new Row();

  get open(): number {
    return this.#open.length;
  }

  get asleep(): number {
    return this.#asleep.length;
  }

  /** Makes a slot known; it is off the shelf until it is put there. */
  async add(slot: Slot): Promise<void> {
    await Promise.all([this.#open.add(slot), this.#asleep.add(slot)]);
  }

  /** Lets a retired slot go for good. It is lent to nobody at that time. */
  async remove(slot: Slot): Promise<void> {
    await Promise.all([this.#open.remove(slot), this.#asleep.remove(slot)]);
  }

  /** A retired slot is not taken back. */
  async put(slot: Slot): Promise<void> {
    if (!slot.isRetired) await (slot.session.isOpen ? this.#open : this.#asleep).put(slot);
  }

  takeOpen(): Promise<Slot | undefined> {
    return this.#open.take();
  }

  takeAsleep(): Promise<Slot | undefined> {
    return this.#asleep.take();
  }

  /** Takes the open ones that are due off the shelf and does something with them; the others keep their order. */
  async eachOpen(isDue: (slot: Slot) => boolean, act: (slot: Slot) => Promise<void>): Promise<void> {
    await this.#each(this.#open, isDue, act);
  }

  /** The same for those that sleep. */
  async eachAsleep(isDue: (slot: Slot) => boolean, act: (slot: Slot) => Promise<void>): Promise<void> {
    await this.#each(this.#asleep, isDue, act);
  }

  async #each(row: Row, isDue: (slot: Slot) => boolean, act: (slot: Slot) => Promise<void>): Promise<void> {
    for (let left = row.length; left > 0; left -= 1) {
      const slot = await row.take();
      if (!slot) return;
      if (isDue(slot)) await act(slot);
      else await this.put(slot);
    }
  }
}

class Row {
  readonly #unclaimed: Slot[] = [];
  readonly #pool: Pool<Slot>;

  constructor() {
    const create = async (): Promise<Slot> => {
      const slot = this.#unclaimed.shift();
      if (!slot) throw new Error("generic-pool asked for a slot that nobody added");
      return slot;
    };
    const factory = { create, destroy: async () => {} };
    this.#pool = createPool(factory, { max: MAX_SLOTS, fifo: true, autostart: false });
  }

  get length(): number {
    return this.#pool.available;
  }

  /** generic-pool creates only when nothing is available, so what stands there is taken off and put back in its order. */
  async add(slot: Slot): Promise<void> {
    const standing = await this.#takeAll();
    this.#unclaimed.push(slot);
    await this.#pool.acquire();
    for (const other of standing) await this.#pool.release(other);
  }

  /** generic-pool lets go of what is off it only. */
  async remove(slot: Slot): Promise<void> {
    for (const other of await this.#takeAll()) if (other !== slot) await this.#pool.release(other);
    await this.#pool.destroy(slot);
  }

  async take(): Promise<Slot | undefined> {
    return this.#pool.available > 0 ? this.#pool.acquire() : undefined;
  }

  async put(slot: Slot): Promise<void> {
    await this.#pool.release(slot);
  }

  async #takeAll(): Promise<Slot[]> {
    const standing: Slot[] = [];
    while (this.#pool.available > 0) standing.push(await this.#pool.acquire());
    return standing;
  }
}
