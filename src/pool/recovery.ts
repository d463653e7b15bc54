import { setTimeout as delay } from "node:timers/promises";
import { GatewayError } from "../errors.ts";
import type { Log } from "../observe/log.ts";
import type { Account } from "./account.ts";
import type { PageBudget } from "./page-budget.ts";

export interface RecoveryParts {
  /** How long before a sign-in ends the operator is told; 0 never. */
  readonly expiresSoonMs: number;
  readonly pages: PageBudget;
  readonly log: Log;
  /** Aborts when the gateway stops. */
  readonly signal: AbortSignal;
  /** Puts a session where it can be leased. */
  readonly makeAvailable: (account: Account) => Promise<void>;
  /** Called after each page that did not open. */
  readonly onFailure: () => void;
}

/** Returns sessions to service: a failed one must open again first, and a used one waits for its rate limit. */
export class Recovery {
  readonly #parts: RecoveryParts;
  /** How often sessions failed so far, in use and while they opened, by error code. */
  readonly failures = new Map<string, number>();

  constructor(parts: RecoveryParts) {
    this.#parts = parts;
  }

  /**
   * Makes an account available that nobody uses. `eagerly` opens its page also where no failure calls for it. Ends early
   * when the account is held by an operator, is retired, or the gateway stops.
   */
  async bringBack(account: Account, { eagerly }: { readonly eagerly: boolean }): Promise<void> {
    const { signal, pages, makeAvailable } = this.#parts;
    const mayGoOn = (): boolean => !signal.aborted && account.isInService;
    let mustOpen = eagerly;
    while (mayGoOn() && (mustOpen || account.nextTryAt !== undefined)) {
      mustOpen = false;
      await this.#tryToOpen(account);
    }
    while (mayGoOn() && !account.permit.isHeld) {
      if (account.rateLimiter.waitMs > 0) account.rest();
      pages.changed();
      await account.permit.acquire(account.interruptible(signal));
    }
    if (signal.aborted) account.drain("the gateway stops");
    else if (account.isRetired) account.drain("taken out of the configuration");
    else await makeAvailable(account);
  }

  /** A session failed in use. `isUnsolved`: the browser had its time for a challenge and did not solve it. */
  async fail(account: Account, failure: GatewayError, isUnsolved = false): Promise<void> {
    const { pages, log } = this.#parts;
    const { code, message: reason } = failure;
    log.warn({ account: account.id, code, reason, cause: causeOf(failure) }, "session failed");
    // A token may have come with the failure, and closing a page that hangs closes the context too.
    await account.session.keepCookies().catch(() => {});
    if (failure.row.fate !== "cool") await account.session.closePage();
    this.#note(account, failure, isUnsolved);
    // Its page may now close to make room.
    pages.changed();
  }

  /** A session's page did not open. */
  failToOpen(account: Account, failure: GatewayError): void {
    const { log, onFailure } = this.#parts;
    this.#note(account, failure, true);
    const { id, state, reason } = account;
    const told = { account: id, state, reason, nextTryMs: Math.round(account.waitMs), cause: causeOf(failure) };
    log.warn(told, "session did not open");
    onFailure();
  }

  /** A session's page was lost while nobody used it. */
  lose(account: Account): void {
    const because = account.session.lostBecause?.message ?? "";
    const reason = `The session's page was lost while nobody used it. ${because}`.trimEnd();
    const failure = new GatewayError("session_lost", reason);
    this.#parts.log.warn({ account: account.id, code: failure.code, reason }, "session lost");
    this.#note(account, failure, false);
  }

  /** Counts the failure and changes the account's state. A signed-out account tries another sign-in that is known. */
  #note(account: Account, failure: GatewayError, isUnopened: boolean): void {
    const { code } = failure;
    this.failures.set(code, (this.failures.get(code) ?? 0) + 1);
    // It has left already, and its page was closed under its work.
    if (account.state === "draining") return;
    if (isUnopened) account.failedToOpen(failure);
    else account.failed(failure);
    if (account.state !== "expired" || !account.session.authCookies.tryNext()) return;
    this.#parts.log.info({ account: account.id }, "signed out: trying another known sign-in");
  }

  #logOpen({ id, session }: Account): void {
    const { log, expiresSoonMs } = this.#parts;
    const { expiresAt } = session.authCookies;
    log.info({ account: id, expiresAt }, "session open");
    if (expiresAt !== undefined && expiresAt - Date.now() < expiresSoonMs) {
      log.warn({ account: id, expiresAt }, "the account will be signed out soon; give it a new cookie");
    }
  }

  /** Tries once, when the time has come. The account's state tells the outcome. */
  async #tryToOpen(account: Account): Promise<void> {
    const { signal, pages } = this.#parts;
    const interrupted = account.interruptible(signal);
    await delay(account.waitMs, undefined, { signal: interrupted, ref: false }).catch(() => {});
    if (signal.aborted || !account.isInService) return;
    try {
      const isOpen = await pages.open(account, { isWanted: () => true, isUrgent: false }, signal);
      if (isOpen) this.#logOpen(account);
    } catch (cause) {
      if (!signal.aborted) this.failToOpen(account, GatewayError.from(cause));
    }
  }
}

/** What the browser said, where the browser failed. */
function causeOf({ cause }: GatewayError): string | undefined {
  return cause instanceof Error ? cause.message.split("\n", 1)[0] : undefined;
}
