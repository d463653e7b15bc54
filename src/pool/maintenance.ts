import { GatewayError } from "../errors.ts";
import type { Log } from "../observe/log.ts";
import type { Pages, PagesOptions } from "./page-budget.ts";
import type { Recovery } from "./recovery.ts";
import type { Shelf } from "./idle-sessions.ts";
import type { Slot } from "./account.ts";

/** How often idle sessions are looked at. */
const ROUNDS_MS = 5_000;

/** A sleeping account's sign-in is renewed when it holds no longer than this. */
const WAKE_BEFORE_MS = 24 * 3_600_000;
/** One that holds no longer is for a person. */
const MIN_LAPSING_MS = 1_000;

export interface RoundsOptions extends Pick<PagesOptions, "probeAfterMs"> {
  /** A page that was not used for so long is closed until it is needed. */
  readonly hibernateAfterMs: number;
}

export interface RoundsParts extends RoundsOptions {
  readonly slots: ReadonlyMap<string, Slot>;
  readonly shelf: Shelf;
  readonly pages: Pages;
  readonly recovery: Recovery;
  /** Serves who waits, with what stands on the shelf. */
  readonly handOut: () => Promise<void>;
  readonly log: Log;
  /** Aborts when the gateway stops. */
  readonly signal: AbortSignal;
}

/** Looks at what nobody uses: lets idle pages close, asks whether accounts are signed in, finds those that died. */
export class Rounds implements Disposable {
  readonly #parts: RoundsParts;
  readonly #timer: NodeJS.Timeout;
  /** One at a time: whoever asks for an account comes first. */
  #isWaking = false;

  constructor(parts: RoundsParts) {
    this.#parts = parts;
    const everyMs = Math.min(ROUNDS_MS, parts.hibernateAfterMs, parts.probeAfterMs);
    this.#timer = setInterval(() => this.#go(), everyMs).unref();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #go(): void {
    this.#background(this.#lookAtIdle());
    for (const { state, session } of this.#parts.slots.values()) {
      if (state === "ready" || state === "resting") this.#background(session.ping());
    }
  }

  async #lookAtIdle(): Promise<void> {
    const { pages, hibernateAfterMs, handOut } = this.#parts;
    await pages.sleepIdle(hibernateAfterMs);
    await this.#probeIdle();
    await this.#wakeLapsing();
    // Whoever came while one was looked at found it off the shelf.
    await handOut();
  }

  /** Asks the site about accounts that nobody used for a while, so that a request need not find out. */
  async #probeIdle(): Promise<void> {
    const { shelf, recovery, probeAfterMs, signal } = this.#parts;
    const isDue = ({ signedInMs = 0, jitter }: Slot): boolean =>
      !signal.aborted && performance.now() - signedInMs >= probeAfterMs * jitter;
    await shelf.eachOpen(isDue, async (slot) => {
      slot.enter("busy", "asking whether it is signed in");
      try {
        await slot.session.checkSignIn(signal);
        slot.succeed();
      } catch (cause) {
        if (!signal.aborted) await recovery.fail(slot, GatewayError.from(cause));
      }
      this.#background(recovery.bring(slot, { eagerly: false }));
    });
  }

  /**
   * Sites renew a sign-in that is used, and a page that sleeps uses none: it is woken before its sign-in lapses, some time
   * apart from others. Each look is worth half of what was left at the last one, so that a site that renews nothing is asked
   * a few times only.
   */
  async #wakeLapsing(): Promise<void> {
    const { shelf, signal } = this.#parts;
    const isDue = ({ session, jitter, signInLeftMs }: Slot): boolean => {
      const { expiresAt } = session.signIn;
      if (signal.aborted || expiresAt === undefined || this.#isWaking) return false;
      const leftMs = expiresAt - Date.now();
      return leftMs > MIN_LAPSING_MS && leftMs < Math.min(WAKE_BEFORE_MS, signInLeftMs / 2) * jitter;
    };
    await shelf.eachAsleep(isDue, async (slot) => {
      // Known or not, it is to be asked.
      slot.signedInMs = undefined;
      this.#isWaking = true;
      this.#background(this.#wake(slot).finally(() => (this.#isWaking = false)));
    });
  }

  async #wake(slot: Slot): Promise<void> {
    const { pages, recovery, signal } = this.#parts;
    try {
      await pages.open(slot, { isWanted: () => true, isUrgent: false }, signal);
      slot.succeed();
    } catch (cause) {
      if (!signal.aborted) recovery.failToOpen(slot, GatewayError.from(cause));
    }
    await recovery.bring(slot, { eagerly: false });
  }

  /** Work that nobody awaits reports its failure here; there should be none. */
  #background(work: Promise<unknown>): void {
    work.catch((cause: unknown) => this.#parts.log.error({ err: cause }, "a round failed"));
  }
}
