import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../observe/log.ts";
import type { Account } from "../pool/account.ts";
import type { AlertTarget } from "../config/parsers.ts";

/** States that an operator should hear of: something is theirs to do. */
const ALARMING: ReadonlySet<string> = new Set(["needs_attention", "expired"]);
const TRIES = 3;
const TRY_LIMIT_MS = 5_000;
const PAUSE_MS = 1_000;

/** Posts one JSON message to the operator's URL when an account needs them, and one when it is well again. */
export class Alerts {
  readonly #target: AlertTarget | undefined;
  readonly #log: Pick<Log, "warn">;
  readonly #told = new Map<string, string>();
  /** What each account's next message waits for: they arrive in the order in which they came about. */
  readonly #telling = new Map<string, Promise<void>>();

  constructor(target: AlertTarget | undefined, log: Pick<Log, "warn">) {
    this.#target = target;
    this.#log = log;
  }

  /** What was told before a restart is not told again, and its end is. To be called before the first change of state. */
  restored({ id, state }: Account): void {
    if (ALARMING.has(state)) this.#told.set(id, state);
  }

  /** To be called after each change of state. */
  changed({ id, state, reason, since, nextTryAt }: Account): void {
    const before = this.#told.get(id);
    if (ALARMING.has(state)) {
      // An alarm that goes on, tries in between included, is told once.
      if (before === state) return;
      this.#told.set(id, state);
    } else {
      if (before === undefined || (state !== "ready" && state !== "busy")) return;
      this.#told.delete(id);
    }
    const message = { account: id, state, before: before ?? null, reason, since, nextTryAt: nextTryAt ?? null };
    const told = this.#telling.get(id) ?? Promise.resolve();
    this.#telling.set(
      id,
      told.then(() => this.#post(message)),
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

/** What went wrong in a word or two: messages may hold the URL, which is a secret. */
function causeOf(failure: unknown): string {
  const { name, cause } = failure as { readonly name?: string; readonly cause?: { readonly code?: string } };
  return cause?.code ?? name ?? "unknown";
}
