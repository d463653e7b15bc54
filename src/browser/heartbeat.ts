import { readFileSync } from "node:fs";
import type { CDPSession } from "playwright";

const BEAT_MS = 250;
/** Without an answer for so long, a browser that used no processor time either is frozen: it had nothing to be busy with. */
const FROZEN_AFTER_MS = 1_250;
/** One that works gets longer: on a starved machine, answers take seconds. */
const STUCK_AFTER_MS = 15_000;

/**
 * Asks the browser for a sign of life, over and over. A frozen process makes no event, and every call on it waits for
 * ever. `onDead` is called once, within two seconds of a freeze.
 */
export class Heartbeat implements Disposable {
  readonly #cdp: CDPSession;
  readonly #pid: number;
  readonly #onDead: () => void;
  readonly #timer: NodeJS.Timeout;
  #askedMs: number | undefined;
  #ticksThen = 0;
  #beatMs = performance.now();

  constructor(cdp: CDPSession, pid: number, onDead: () => void) {
    this.#cdp = cdp;
    this.#pid = pid;
    this.#onDead = onDead;
    this.#timer = setInterval(() => this.#beat(), BEAT_MS).unref();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    const now = performance.now();
    // Where this process stood still itself, the answer may lie unread: the wait begins anew.
    const isLate = now - this.#beatMs > 2 * BEAT_MS;
    this.#beatMs = now;
    if (isLate && this.#askedMs !== undefined) this.#askedMs = now;
    if (this.#askedMs === undefined) {
      this.#askedMs = now;
      this.#ticksThen = processorTicks(this.#pid);
      const answered = (): void => void (this.#askedMs = undefined);
      // A refusal is a sign of life too; the browser's end is told by its own event.
      this.#cdp.send("Browser.getVersion").then(answered, answered);
      return;
    }
    const silentMs = now - this.#askedMs;
    const isFrozen = silentMs >= FROZEN_AFTER_MS && processorTicks(this.#pid) === this.#ticksThen;
    if (isFrozen || silentMs >= STUCK_AFTER_MS) {
      this[Symbol.dispose]();
      this.#onDead();
    }
  }
}

/** Processor time that the process used so far, in the kernel's ticks; NaN, equal to nothing, where the system does not tell. */
function processorTicks(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [userTicks, systemTicks] = stat
      .slice(stat.lastIndexOf(")") + 2)
      .split(" ")
      .slice(11, 13);
    return Number(userTicks) + Number(systemTicks);
  } catch {
    return Number.NaN;
  }
}
