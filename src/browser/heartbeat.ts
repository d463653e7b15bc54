import type { Browser, CDPSession } from "playwright";
import type { BrowserDeath } from "./provider.ts";

const BEAT_MS = 250;
/** A browser that did not answer for so long and used no processor time is frozen: it had nothing to be busy with. */
const FROZEN_AFTER_MS = 1_250;
/** A browser that works, or may be working, gets longer: on a busy machine, answers take seconds. */
const STUCK_AFTER_MS = 15_000;

export interface HeartbeatParts {
  readonly browser: Browser;
  /** A session with the browser itself, not with a page. */
  readonly cdp: CDPSession;
  /** The processor time that the browser has used, in any unit; NaN, which equals nothing, if it is not known. */
  readonly processorTime: () => number;
  readonly onDead: (death: BrowserDeath) => void;
  /** After how long without an answer a browser is dead that may be working; 15 s unless given. */
  readonly stuckAfterMs?: number;
}

/**
 * Notices that a browser is dead, and tells once. A browser that ended closes its connection. A frozen one does not, and
 * each call on it waits forever, so it is asked for a sign of life all the time. Where the processor time is known, a freeze is
 * noticed within two seconds.
 */
export class Heartbeat implements Disposable {
  readonly #parts: HeartbeatParts;
  readonly #timer: NodeJS.Timeout;
  readonly #onDisconnected = (): void => this.#tell("gone");
  #askedMs: number | undefined;
  #processorTimeThen = 0;
  #beatMs = performance.now();

  constructor(parts: HeartbeatParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => this.#beat(), BEAT_MS).unref();
    parts.browser.once("disconnected", this.#onDisconnected);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#parts.browser.off("disconnected", this.#onDisconnected);
  }

  #tell(death: BrowserDeath): void {
    this[Symbol.dispose]();
    this.#parts.onDead(death);
  }

  #beat(): void {
    const { browser, cdp, processorTime, stuckAfterMs = STUCK_AFTER_MS } = this.#parts;
    // It may have ended before the watch began.
    if (!browser.isConnected()) return this.#tell("gone");
    const now = performance.now();
    // If this process itself stood still, the answer may be waiting to be read, so the time starts again.
    const isLate = now - this.#beatMs > 2 * BEAT_MS;
    this.#beatMs = now;
    if (isLate && this.#askedMs !== undefined) this.#askedMs = now;
    if (this.#askedMs === undefined) {
      this.#askedMs = now;
      this.#processorTimeThen = processorTime();
      const answered = (): void => void (this.#askedMs = undefined);
      // A refusal is a sign of life, too. The browser's end has an event of its own.
      cdp.send("Browser.getVersion").then(answered, answered);
      return;
    }
    const silentMs = now - this.#askedMs;
    const isFrozen = silentMs >= FROZEN_AFTER_MS && processorTime() === this.#processorTimeThen;
    if (isFrozen || silentMs >= stuckAfterMs) this.#tell("frozen");
  }
}
