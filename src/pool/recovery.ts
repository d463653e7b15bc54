import { setTimeout as delay } from "node:timers/promises";
import { GatewayError } from "../errors.ts";
import type { Log } from "../observe/log.ts";
import type { Pages } from "./page-budget.ts";
import type { Slot } from "./account.ts";

/** Time enough for a person to sign in again. */
const EXPIRES_SOON_MS = 3 * 24 * 3_600_000;

export interface RecoveryParts {
  readonly pages: Pages;
  readonly log: Log;
  /** Aborts when the gateway stops. */
  readonly signal: AbortSignal;
  /** Puts a session where it can be lent. */
  readonly shelve: (slot: Slot) => Promise<void>;
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
  async bring(slot: Slot, { eagerly }: { readonly eagerly: boolean }): Promise<void> {
    const { signal, pages } = this.#parts;
    const isGone = (): boolean => signal.aborted || slot.isRetired;
    let mustOpen = eagerly;
    while (!isGone() && (mustOpen || slot.nextTryAt !== undefined)) {
      mustOpen = false;
      await this.#tryToOpen(slot);
    }
    if (!isGone() && !slot.permit) {
      if (slot.pace.waitMs > 0) slot.enter("resting", "its pace");
      pages.changed();
      slot.permit = await slot.pace.take();
    }
    if (isGone()) {
      slot.enter("draining", signal.aborted ? "the gateway stops" : "taken out of the configuration");
      return;
    }
    await this.#parts.shelve(slot);
  }

  /** A session failed in use; `isUnsolved`: by a challenge that the browser had its time for. */
  async fail(slot: Slot, failure: GatewayError, isUnsolved = false): Promise<void> {
    this.#count(failure);
    const { code, message: reason } = failure;
    this.#parts.log.warn({ credential: slot.id, code, reason, cause: causeOf(failure) }, "session failed");
    // A token may have come with the failure, and closing a page that hangs takes the context along.
    await slot.session.keepCookies().catch(() => {});
    if (failure.row.fate !== "cool") await slot.session.closePage();
    if (isUnsolved) slot.failToOpen(failure);
    else slot.fail(failure);
    // Its page may give way now.
    this.#parts.pages.changed();
  }

  /** A session's page did not open. */
  failToOpen(slot: Slot, failure: GatewayError): void {
    this.#count(failure);
    slot.failToOpen(failure);
    const { id: credential, state, reason } = slot;
    const told = { credential, state, reason, nextTryMs: Math.round(slot.waitMs), cause: causeOf(failure) };
    this.#parts.log.warn(told, "session did not open");
    this.#parts.onFailure();
  }

  /** A session's page was lost while nobody used it. */
  lose(slot: Slot): void {
    const because = slot.session.lostBecause?.message ?? "";
    const failure = new GatewayError(
      "session_lost",
      `The session's page was lost while nobody used it. ${because}`.trimEnd(),
    );
    this.#count(failure);
    this.#parts.log.warn({ credential: slot.id, code: failure.code, reason: failure.message }, "session lost");
    slot.fail(failure);
  }

  #count({ code }: GatewayError): void {
    this.failures.set(code, (this.failures.get(code) ?? 0) + 1);
  }

  #tellOpen({ id: credential, session }: Slot): void {
    const { log } = this.#parts;
    const { expiresAt } = session.signIn;
    log.info({ credential, expiresAt }, "session open");
    if (expiresAt !== undefined && expiresAt - Date.now() < EXPIRES_SOON_MS) {
      log.warn({ credential, expiresAt }, "the account will be signed out soon; give it a new cookie");
    }
  }

  /** One try, when its time has come. What comes of it stands in the slot. */
  async #tryToOpen(slot: Slot): Promise<void> {
    const { signal, pages } = this.#parts;
    try {
      await delay(slot.waitMs, undefined, { signal, ref: false });
      if (slot.isRetired) return;
      await pages.open(slot, { isWanted: () => !slot.isRetired, isUrgent: false }, signal);
      this.#tellOpen(slot);
    } catch (cause) {
      if (signal.aborted) return;
      this.failToOpen(slot, GatewayError.from(cause));
    }
  }
}

/** What the browser said, where it was the one that failed. */
function causeOf({ cause }: GatewayError): string | undefined {
  return cause instanceof Error ? cause.message.split("\n", 1)[0] : undefined;
}
