import { GatewayError } from "../errors.ts";
import type { Log } from "../observe/log.ts";
import type { PageBudget, PageBudgetOptions } from "./page-budget.ts";
import type { Recovery } from "./recovery.ts";
import type { IdleSessions } from "./idle-sessions.ts";
import type { Account } from "./account.ts";

/** How often idle sessions are looked at. */
const ROUNDS_MS = 5_000;

/** A sleeping account's sign-in is renewed when it holds no longer than this. */
const WAKE_BEFORE_MS = 24 * 3_600_000;
/** One that holds no longer is for a person. */
const MIN_LAPSING_MS = 1_000;

export interface MaintenanceOptions extends Pick<PageBudgetOptions, "probeAfterMs"> {
  /** A page that was not used for so long is closed until it is needed. */
  readonly hibernateAfterMs: number;
}

export interface RoundsParts extends MaintenanceOptions {
  readonly accounts: ReadonlyMap<string, Account>;
  readonly shelf: IdleSessions;
  readonly pages: PageBudget;
  readonly recovery: Recovery;
  /** Serves who waits, with what stands on the shelf. */
  readonly handOut: () => Promise<void>;
  readonly log: Log;
  /** Aborts when the gateway stops. */
  readonly signal: AbortSignal;
}

/** Looks at what nobody uses: lets idle pages close, asks whether accounts are signed in, finds those that died. */
export class Maintenance implements Disposable {
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
    for (const { state, session } of this.#parts.accounts.values()) {
      if (state === "ready" || state === "rate_limited") this.#background(session.ping());
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
    const isDue = ({ signedInMs = 0, jitter }: Account): boolean =>
      !signal.aborted && performance.now() - signedInMs >= probeAfterMs * jitter;
    await shelf.eachOpen(isDue, async (account) => {
      account.enter("busy", "asking whether it is signed in");
      try {
        await account.session.checkSignIn(signal);
        account.succeed();
      } catch (cause) {
        if (!signal.aborted) await recovery.fail(account, GatewayError.from(cause));
      }
      this.#background(recovery.bring(account, { eagerly: false }));
    });
  }

  /**
   * Sites renew a sign-in that is used, and a page that sleeps uses none: it is woken before its sign-in lapses, some time
   * apart from others. Each look is worth half of what was left at the last one, so that a site that renews nothing is asked
   * a few times only.
   */
  async #wakeLapsing(): Promise<void> {
    const { shelf, signal } = this.#parts;
    const isDue = ({ session, jitter, signInLeftMs }: Account): boolean => {
      const { expiresAt } = session.authCookies;
      if (signal.aborted || expiresAt === undefined || this.#isWaking) return false;
      const leftMs = expiresAt - Date.now();
      return leftMs > MIN_LAPSING_MS && leftMs < Math.min(WAKE_BEFORE_MS, signInLeftMs / 2) * jitter;
    };
    await shelf.eachAsleep(isDue, async (account) => {
      // Known or not, it is to be asked.
      account.signedInMs = undefined;
      this.#isWaking = true;
      this.#background(this.#wake(account).finally(() => (this.#isWaking = false)));
    });
  }

  async #wake(account: Account): Promise<void> {
    const { pages, recovery, signal } = this.#parts;
    try {
      await pages.open(account, { isWanted: () => true, isUrgent: false }, signal);
      account.succeed();
    } catch (cause) {
      if (!signal.aborted) recovery.failToOpen(account, GatewayError.from(cause));
    }
    await recovery.bring(account, { eagerly: false });
  }

  /** Work that nobody awaits reports its failure here; there should be none. */
  #background(work: Promise<unknown>): void {
    work.catch((cause: unknown) => this.#parts.log.error({ err: cause }, "a round failed"));
  }
}
