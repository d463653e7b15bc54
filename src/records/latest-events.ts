import { Listeners } from "../observe/listeners.ts";
import type { NewEvent, StoredEvent } from "../store/event-records.ts";

/** An event and its number: later ones have higher numbers. Those from before the start have 0 and less. */
export interface NumberedEvent extends NewEvent {
  readonly number: number;
}

const KEPT = 100;

/** The last events, in memory, for those who look at the moment. Listeners are called after each. */
export class LatestEvents extends Listeners<void> {
  /** Oldest first. */
  #events: readonly NumberedEvent[] = [];
  #number = 0;

  add(event: NewEvent): void {
    this.#number += 1;
    this.#events = [...this.#events.slice(1 - KEPT), { ...event, number: this.#number }];
    this.emit();
  }

  /** Puts what is stored from before the start behind what happened since; newest first. */
  load(stored: readonly StoredEvent[]): void {
    const before = stored.map(({ id: _id, ...event }, index) => ({ ...event, number: -index }));
    this.#events = [...before.toReversed(), ...this.#events].slice(-KEPT);
  }

  /** Newest first. */
  get list(): readonly NumberedEvent[] {
    return this.#events.toReversed();
  }
}
