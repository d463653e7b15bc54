import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../observe/log.ts";
import type { AccountEvent } from "../pool/account-event.ts";
import type { Account } from "../pool/account.ts";
import type { AlertTarget } from "../config/parsers.ts";

/** States in which an operator must do something. */
const ALARMING: ReadonlySet<string> = new Set(["needs_attention", "expired"]);
const TRIES = 3;
const TRY_LIMIT_MS = 5_000;
const PAUSE_MS = 1_000;

/** Posts one JSON message to the operator's URL when an account needs them, and one when it works again. */
export class Alerts {
  readonly #target: AlertTarget | undefined;
  readonly #log: Pick<Log, "warn">;
  /** The alarming state that the operator was told last, by account. */
  readonly #told = new Map<string, string>();
  /** The end of each account's last message: messages arrive in the order of the events. */
  readonly #posting = new Map<string, Promise<void>>();

  constructor(target: AlertTarget | undefined, log: Pick<Log, "warn">) {
    this.#target = target;
    this.#log = log;
  }

  /** An alarm from before a restart is not told again, but its end is. Call it before the account's first event. */
  restored({ id, state }: Pick<Account, "id" | "state">): void {
    if (ALARMING.has(state)) this.#told.set(id, state);
  }

  onEvent(event: AccountEvent): void {
    if (event.kind !== "state") return;
    const { accountId: account, to: state, reason, since, nextTryAt } = event;
    const before = this.#told.get(account);
    if (ALARMING.has(state)) {
      // An alarm that lasts, retries in between included, is told once.
      if (before === state) return;
      this.#told.set(account, state);
    } else {
      if (before === undefined || (state !== "ready" && state !== "busy")) return;
      this.#told.delete(account);
    }
    const message = { account, state, before: before ?? null, reason, since, nextTryAt: nextTryAt ?? null };
    const posted = this.#posting.get(account) ?? Promise.resolve();
    this.#posting.set(
      account,
      posted.then(() => this.#post(message)),
    );
  }

  /** Never rejects. */
  async #post(message: object): Promise<void> {
    if (!this.#target) return;
    const { url, authorization } = this.#target;
    const headers = { "content-type": "application/json", ...(authorization === undefined ? {} : { authorization }) };
    let problem = "";
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      if (attempt > 0) await delay(PAUSE_MS * attempt, undefined, { ref: false });
      try {
        const response = await fetch(url, {
          method: "POST",
          headers,
          body: JSON.stringify(message),
          redirect: "error",
          signal: AbortSignal.timeout(TRY_LIMIT_MS),
        });
        await response.body?.cancel();
        if (response.ok) return;
        problem = `status ${response.status}`;
      } catch (cause) {
        problem = causeOf(cause);
      }
    }
    this.#log.warn({ problem }, "ALERT_URL was not reached");
  }
}

/** What went wrong, in a word or two. The whole message may contain the URL, which is a secret. */
function causeOf(failure: unknown): string {
  const { name, cause } = failure as { readonly name?: string; readonly cause?: { readonly code?: string } };
  return cause?.code ?? name ?? "unknown";
}
