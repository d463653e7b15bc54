import { GatewayError } from "../errors.ts";
import type { Log } from "../observe/log.ts";
import type { AccountEvents } from "./account-event.ts";
import type { Account } from "./account.ts";
import { inBackground } from "./background.ts";
import type { IdleSessions } from "./idle-sessions.ts";
import type { PageBudget, PageBudgetOptions } from "./page-budget.ts";
import type { Recovery } from "./recovery.ts";

/** How often maintenance runs, unless an option asks for more. */
const EVERY_MS = 5_000;
/** Less than this is too late to renew it; the account will be signed out. */
const MIN_LEFT_MS = 1_000;

export interface MaintenanceOptions extends Pick<PageBudgetOptions, "probeAfterMs"> {
  /** A page that was not used for this long is closed until it is needed. */
  readonly hibernateAfterMs: number;
  /** A sleeping account's sign-in is renewed when it is valid for no longer than this. */
  readonly renewBeforeMs: number;
}

export interface MaintenanceParts extends MaintenanceOptions {
  readonly accounts: ReadonlyMap<string, Account>;
  readonly idle: IdleSessions;
  readonly events: AccountEvents;
  readonly pages: PageBudget;
  readonly recovery: Recovery;
  /** Gives idle sessions to waiting requests. */
  readonly dispatch: () => Promise<void>;
  readonly log: Log;
  /** Aborts when the gateway stops. */
  readonly signal: AbortSignal;
}

/** Looks after idle sessions: closes unused pages, confirms and renews sign-ins, and finds pages that died. */
export class Maintenance implements Disposable {
  readonly #parts: MaintenanceParts;
  readonly #timer: NodeJS.Timeout;
  /** One account at a time renews its sign-in, so that requests come first. */
  #isRenewing = false;

  constructor(parts: MaintenanceParts) {
    this.#parts = parts;
    const everyMs = Math.min(EVERY_MS, parts.hibernateAfterMs, parts.probeAfterMs);
    this.#timer = setInterval(() => this.#run(), everyMs).unref();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #run(): void {
    const { accounts, log } = this.#parts;
    inBackground(this.#lookAfterIdle(), log);
    for (const { state, session } of accounts.values()) {
      if (state === "ready" || state === "rate_limited") inBackground(session.ping(), log);
    }
  }

  async #lookAfterIdle(): Promise<void> {
    const { pages, hibernateAfterMs, dispatch } = this.#parts;
    await pages.sleepIdle(hibernateAfterMs);
    await this.#checkSignIns();
    await this.#renewSignIns();
    // A request that came meanwhile may have missed a session that was being looked at.
    await dispatch();
  }

  /** Asks the site about accounts that were not used for a while, so that no request has to find out. */
  async #checkSignIns(): Promise<void> {
    const { idle, recovery, probeAfterMs, signal, log } = this.#parts;
    const isDue = ({ signIn, jitter }: Account): boolean =>
      !signal.aborted && !signIn.isConfirmedWithin(probeAfterMs * jitter);
    await idle.eachOpen(isDue, async (account) => {
      account.startSignInCheck();
      try {
        await account.session.checkSignIn(signal);
        account.answered();
      } catch (cause) {
        if (!signal.aborted) await recovery.fail(account, GatewayError.from(cause));
      }
      inBackground(recovery.bringBack(account, { eagerly: false }), log);
    });
  }

  /**
   * Sites renew a sign-in that is used, and a page that sleeps does not use it. So its page is opened before the sign-in
   * ends, each account's at another time. The next check waits until half of the rest is over, so that a site that renews
   * nothing is asked a few times only. A page is also opened when an operator wants the sign-in checked.
   */
  async #renewSignIns(): Promise<void> {
    const { idle, renewBeforeMs, signal, log } = this.#parts;
    const isDue = ({ session, jitter, signIn }: Account): boolean => {
      const { expiresAt } = session.authCookies;
      if (signal.aborted || this.#isRenewing) return false;
      if (expiresAt === undefined || signIn.isDemanded) return signIn.isDemanded;
      const leftMs = expiresAt - Date.now();
      return leftMs > MIN_LEFT_MS && leftMs < Math.min(renewBeforeMs, signIn.leftMs / 2) * jitter;
    };
    await idle.eachAsleep(isDue, async (account) => {
      // The site must be asked even if it confirmed the sign-in lately.
      account.signIn.doubt();
      this.#isRenewing = true;
      inBackground(
        this.#renewSignIn(account).finally(() => (this.#isRenewing = false)),
        log,
      );
    });
  }

  async #renewSignIn(account: Account): Promise<void> {
    const { pages, recovery, events, signal } = this.#parts;
    try {
      const isOpen = await pages.open(account, { isWanted: () => true, isUrgent: false }, signal);
      if (isOpen) {
        account.answered();
        events.emit({ kind: "page_renewed", accountId: account.id, reason: "sign_in" });
      }
    } catch (cause) {
      if (!signal.aborted) recovery.failToOpen(account, GatewayError.from(cause));
    }
    await recovery.bringBack(account, { eagerly: false });
  }
}
