import { setTimeout as delay } from "node:timers/promises";
import { GatewayError } from "../errors.ts";
import type { Log } from "../observe/log.ts";
import type { PageBudget } from "./page-budget.ts";
import type { Account } from "./account.ts";

/** Time enough for a person to sign in again. */
const EXPIRES_SOON_MS = 3 * 24 * 3_600_000;

export interface RecoveryParts {
  readonly pages: PageBudget;
  readonly log: Log;
  /** Aborts when the gateway stops. */
  readonly signal: AbortSignal;
  /** Puts a session where it can be lent. */
  readonly shelve: (account: Account) => Promise<void>;
  /** Called after each failure to open. */
  readonly onFailure: () => void;
}

/** Brings sessions in order: what failed must prove that it works, and what was used waits for its pace. */
export class Recovery {
  readonly #parts: RecoveryParts;
  /** How often sessions failed so far, in use and while they opened, by code. */
  readonly failures = new Map<string, number>();

  constructor(parts: RecoveryParts) {
    this.#parts = parts;
  }

  /** Puts a session on the shelf: proves first that a failed one works again, opens it if so wished, waits for its pace. */
  async bring(account: Account, { eagerly }: { readonly eagerly: boolean }): Promise<void> {
    const { signal, pages } = this.#parts;
    const isGone = (): boolean => signal.aborted || account.isRetired;
    let mustOpen = eagerly;
    while (!isGone() && (mustOpen || account.nextTryAt !== undefined)) {
      mustOpen = false;
      await this.#tryToOpen(account);
    }
    if (!isGone() && !account.permit) {
      if (account.rateLimiter.waitMs > 0) account.enter("rate_limited", "its pace");
      pages.changed();
      account.permit = await account.rateLimiter.take();
    }
    if (isGone()) {
      account.enter("draining", signal.aborted ? "the gateway stops" : "taken out of the configuration");
      return;
    }
    await this.#parts.shelve(account);
  }

  /** A session failed in use; `isUnsolved`: by a challenge that the browser had its time for. */
  async fail(account: Account, failure: GatewayError, isUnsolved = false): Promise<void> {
    this.#count(failure);
    const { code, message: reason } = failure;
    this.#parts.log.warn({ account: account.id, code, reason, cause: causeOf(failure) }, "session failed");
    // A token may have come with the failure, and closing a page that hangs takes the context along.
    await account.session.keepCookies().catch(() => {});
    if (failure.row.fate !== "cool") await account.session.closePage();
    if (isUnsolved) account.failToOpen(failure);
    else account.fail(failure);
    // Its page may give way now.
    this.#parts.pages.changed();
  }

  /** A session's page did not open. */
  failToOpen(account: Account, failure: GatewayError): void {
    this.#count(failure);
    account.failToOpen(failure);
    const { id, state, reason } = account;
    const told = { account: id, state, reason, nextTryMs: Math.round(account.waitMs), cause: causeOf(failure) };
    this.#parts.log.warn(told, "session did not open");
    this.#parts.onFailure();
  }

  /** A session's page was lost while nobody used it. */
  lose(account: Account): void {
    const because = account.session.lostBecause?.message ?? "";
    const failure = new GatewayError(
      "session_lost",
      `The session's page was lost while nobody used it. ${because}`.trimEnd(),
    );
    this.#count(failure);
    this.#parts.log.warn({ account: account.id, code: failure.code, reason: failure.message }, "session lost");
    account.fail(failure);
  }

  #count({ code }: GatewayError): void {
    this.failures.set(code, (this.failures.get(code) ?? 0) + 1);
  }

  #tellOpen({ id, session }: Account): void {
    const { log } = this.#parts;
    const { expiresAt } = session.authCookies;
    log.info({ account: id, expiresAt }, "session open");
    if (expiresAt !== undefined && expiresAt - Date.now() < EXPIRES_SOON_MS) {
      log.warn({ account: id, expiresAt }, "the account will be signed out soon; give it a new cookie");
    }
  }

  /** One try, when its time has come. What comes of it stands in the account. */
  async #tryToOpen(account: Account): Promise<void> {
    const { signal, pages } = this.#parts;
    try {
      await delay(account.waitMs, undefined, { signal, ref: false });
      if (account.isRetired) return;
      await pages.open(account, { isWanted: () => !account.isRetired, isUrgent: false }, signal);
      this.#tellOpen(account);
    } catch (cause) {
      if (signal.aborted) return;
      this.failToOpen(account, GatewayError.from(cause));
    }
  }
}

/** What the browser said, where it was the one that failed. */
function causeOf({ cause }: GatewayError): string | undefined {
  return cause instanceof Error ? cause.message.split("\n", 1)[0] : undefined;
}
