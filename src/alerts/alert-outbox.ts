import { setTimeout as delay } from "node:timers/promises";
import type { AlertTarget } from "../config/alert-urls.ts";
import type { Log } from "../observe/log.ts";
import { postFor } from "./alert-forms.ts";
import { textOf, type Notice } from "./notice.ts";

const TRIES = 3;
const TRY_LIMIT_MS = 5_000;
const PAUSE_MS = 1_000;
/** Of a service that does not answer for long. */
const MAX_WAITING = 200;

/** What the operator was told, and whether it arrived. */
export interface AlertEvent {
  readonly kind: "alert";
  readonly account: string | null;
  readonly actor: null;
  readonly summary: string;
  readonly before: null;
  readonly after: null;
}

export interface AlertSinks {
  readonly log: Pick<Log, "warn">;
  /** Keeps what was told. Returns at once and never throws. */
  readonly record: (event: AlertEvent) => void;
}

/** Posts notices to one service, in their order. Those that come while a post is under way go together with the next one. */
export class AlertOutbox {
  readonly target: AlertTarget;
  readonly #sinks: AlertSinks;
  #waiting: Notice[] = [];
  #isPosting = false;

  constructor(target: AlertTarget, sinks: AlertSinks) {
    this.target = target;
    this.#sinks = sinks;
  }

  add(notices: readonly Notice[]): void {
    this.#waiting = [...this.#waiting, ...notices].slice(-MAX_WAITING);
    if (!this.#isPosting) void this.#postAll();
  }

  /** Tries once. The result says what went wrong. Never rejects. */
  async post(notices: readonly Notice[]): Promise<string | undefined> {
    const { authorization } = this.target;
    const { url, body } = postFor(this.target, notices);
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json", ...(authorization === undefined ? {} : { authorization }) },
        body: JSON.stringify(body),
        redirect: "error",
        signal: AbortSignal.timeout(TRY_LIMIT_MS),
      });
      await response.body?.cancel();
      return response.ok ? undefined : `status ${response.status}`;
    } catch (cause) {
      return causeOf(cause);
    }
  }

  /** Never rejects. */
  async #postAll(): Promise<void> {
    this.#isPosting = true;
    while (this.#waiting.length > 0) {
      const notices = this.#waiting;
      this.#waiting = [];
      let problem = await this.post(notices);
      for (let retry = 1; retry < TRIES && problem !== undefined; retry += 1) {
        await delay(PAUSE_MS * retry, undefined, { ref: false });
        problem = await this.post(notices);
      }
      this.#report(notices, problem);
    }
    this.#isPosting = false;
  }

  #report(notices: readonly Notice[], problem: string | undefined): void {
    const { form } = this.target;
    if (problem !== undefined) this.#sinks.log.warn({ form, problem }, "ALERT_URL was not reached");
    const start = problem === undefined ? `Told by ${form}` : `Not told by ${form} (${problem})`;
    for (const notice of notices) {
      const account = "account" in notice ? notice.account : null;
      const summary = `${start}: ${textOf(notice)}`;
      this.#sinks.record({ kind: "alert", account, actor: null, summary, before: null, after: null });
    }
  }
}

/** What went wrong, in a word or two. The whole message may contain the URL, which is a secret. */
function causeOf(failure: unknown): string {
  const { name, cause } = failure as { readonly name?: string; readonly cause?: { readonly code?: string } };
  return cause?.code ?? name ?? "unknown";
}
