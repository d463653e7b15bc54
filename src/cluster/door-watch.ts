import { GatewayError } from "../errors.ts";

/** A replica asks for outlooks each second. One that was silent for so long is dead, frozen or cut off. */
export const SILENT_MS = 6_000;

interface Door {
  readonly silent: AbortController;
  readonly timer: NodeJS.Timeout;
}

/** Notes when each replica was heard of, so that nothing is done for one that is gone. */
export class DoorWatch implements Disposable {
  readonly #doors = new Map<string, Door>();
  readonly #silentMs: number;

  constructor(silentMs = SILENT_MS) {
    this.#silentMs = silentMs;
  }

  /** The replica was heard of now. The signal aborts with `client_closed` when it is silent for too long. */
  heard(id: string): AbortSignal {
    const door = this.#doors.get(id) ?? this.#open(id);
    door.timer.refresh();
    return door.silent.signal;
  }

  [Symbol.dispose](): void {
    for (const { timer } of this.#doors.values()) clearTimeout(timer);
    this.#doors.clear();
  }

  #open(id: string): Door {
    const silent = new AbortController();
    const timer = setTimeout(() => {
      this.#doors.delete(id);
      silent.abort(new GatewayError("client_closed", "The replica that has the client is silent."));
    }, this.#silentMs).unref();
    const door = { silent, timer };
    this.#doors.set(id, door);
    return door;
  }
}
