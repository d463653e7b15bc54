import { GatewayError } from "../errors.ts";
import { Forecast } from "./forecast.ts";
import type { MovingAverage } from "./moving-average.ts";
import { prospectOf, type UsualDurations } from "./availability.ts";
import type { Account } from "./account.ts";
import type { Caller, WaitingEntry, RequestQueue, QueueEntry } from "./request-queue.ts";

export interface AdmissionParts {
  readonly accounts: ReadonlyMap<string, Account>;
  readonly line: RequestQueue<Account>;
  /** How long one may wait. */
  readonly timeoutMs: number;
  /** How many pages may still open without another closing. */
  readonly room: () => number;
  /** How long leases take, their prompts until the site has them, and openings. */
  readonly leases: MovingAverage;
  readonly sends: MovingAverage;
  readonly openings: MovingAverage;
}

const MIN_RETRY_AFTER_MS = 1_000;
/** The share of a request's time within which its turn must come: answers before it may take longer than usual. */
const SAFE_SHARE = 0.95;
/** The line refuses a request this long before its deadline, so that the reason still reaches the client. */
const LAST_WORDS_MS = 100;
/** An account that only failed for so long is not waited for: it may need a person. */
const DOUBT_MS = 60_000;
const NOTHING: UsualDurations = { leaseMs: 0, sendMs: 0, openingMs: 0 };

/** The line as a request that arrives now would find it. */
export interface QueueStatus {
  readonly length: number;
  /** Undefined where no account can answer. */
  readonly estimatedWaitMs: number | undefined;
}

/** Decides who may wait: only a request that is served in its own time, as far as the accounts' paces and states tell. */
export class Admission {
  readonly #parts: AdmissionParts;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  /** What a caller waits for: any account that has not failed it. */
  wishOf(caller: Caller, except: ReadonlySet<string>): QueueEntry<Account> {
    const { timeoutMs } = this.#parts;
    const leftMs = (caller.deadlineMs ?? Infinity) - performance.now() - LAST_WORDS_MS;
    const wish: QueueEntry<Account> = {
      accepts: (account) => !account.isRetired && !except.has(account.id),
      limitMs: Math.max(0, Math.min(timeoutMs, leftMs)),
      retryAfterMs: () => this.#retryAfterMs(wish),
      availableNow: () => this.#free(wish),
      caller,
    };
    return wish;
  }

  /** @throws GatewayError `no_usable_account`; `rate_limit_exceeded` when it cannot be served in its time. */
  check(wish: QueueEntry<Account>): void {
    const hopeless = this.#hopeless(wish);
    if (hopeless) throw hopeless;
    const waitMs = this.#waitOf(wish);
    if (waitMs > wish.limitMs * SAFE_SHARE) throw tooLate(wish, waitMs, this.#parts.line.length);
  }

  /** Refuses the requests that can no longer be served in time, even if others leave the line. */
  refuseUnservable(): void {
    const { line } = this.#parts;
    line.refuse((waiter) => this.#hopeless(waiter));
    const late = this.#late();
    line.refuse((waiter) => {
      const startMs = late.get(waiter);
      return startMs === undefined ? undefined : tooLate(waiter, startMs, line.length - 1);
    });
  }

  /** How long the caller waits on, as far as is known; undefined when it does not wait. */
  waitMsOf(caller: Caller): number | undefined {
    const forecast = this.#forecast();
    for (const waiter of this.#parts.line.inOrder()) {
      const startMs = forecast.serve(waiter.accepts);
      if (waiter.caller === caller) return Number.isFinite(startMs) ? startMs : undefined;
    }
    return undefined;
  }

  /** For a request that arrives now and waits behind all others. */
  get status(): QueueStatus {
    const { line } = this.#parts;
    const forecast = this.#forecast();
    for (const { accepts } of line.inOrder()) forecast.serve(accepts);
    const waitMs = forecast.startOf((account) => !account.isRetired);
    return { length: line.length, estimatedWaitMs: Number.isFinite(waitMs) ? waitMs : undefined };
  }

  /** How long a newcomer would wait. */
  #waitOf(newcomer: QueueEntry<Account>): number {
    const forecast = this.#forecast();
    for (const { accepts, caller } of this.#parts.line.inOrderWith(newcomer)) {
      if (caller === newcomer.caller) break;
      forecast.serve(accepts);
    }
    return forecast.startOf(newcomer.accepts);
  }

  /** Who is late for certain, and when each would start. It counts paces only: an answer may take less time than usual. */
  #late(): ReadonlyMap<WaitingEntry<Account>, number> {
    const forecast = this.#forecast(NOTHING);
    const nowMs = performance.now();
    const late = new Map<WaitingEntry<Account>, number>();
    for (const waiter of this.#parts.line.inOrder()) {
      const startMs = forecast.startOf(waiter.accepts);
      if (nowMs + startMs > waiter.endsMs && Number.isFinite(startMs)) late.set(waiter, startMs);
      else forecast.serve(waiter.accepts);
    }
    return late;
  }

  #forecast(usual: UsualDurations = this.#usual): Forecast<Account> {
    const accounts = [...this.#parts.accounts.values()].filter((account) =>
      isPromising(account, this.#parts.timeoutMs),
    );
    return new Forecast(
      accounts.map((account) => prospectOf(account, usual)),
      usual,
    );
  }

  get #usual(): UsualDurations {
    const { leases, sends, openings } = this.#parts;
    return { leaseMs: leases.ms, sendMs: sends.ms, openingMs: openings.ms };
  }

  #hopeless({ accepts }: QueueEntry<Account>): GatewayError | undefined {
    const candidates = this.#candidates(accepts);
    if (candidates.some((account) => isPromising(account, this.#parts.timeoutMs))) return undefined;
    const byState = Object.entries(Object.groupBy(candidates, ({ state }) => state));
    const why = byState.map(([state, accounts]) => `${accounts.length} ${state}`).join(", ");
    const message = `No account can answer now${why === "" ? "" : `: ${why}`}.`;
    if (candidates.length === 0) return new GatewayError("no_usable_account", message);
    const retryAfterMs = Math.max(MIN_RETRY_AFTER_MS, Math.min(...candidates.map((account) => account.waitMs)));
    return new GatewayError("no_usable_account", message, { retryAfterMs });
  }

  /** When the line has room again, and a request like this one would be served in its time. */
  #retryAfterMs(wish: QueueEntry<Account>): number {
    const { line } = this.#parts;
    const forecast = this.#forecast();
    let roomMs = 0;
    // Where nobody may wait, there is room when it is served itself.
    for (const { accepts } of [...line.inOrder(), wish].slice(0, line.surplus)) {
      roomMs = Math.max(roomMs, forecast.serve(accepts));
    }
    return boundedRetryMs(Math.max(roomMs, this.#waitOf(wish) - wish.limitMs * SAFE_SHARE));
  }

  /** How many could be lent now, those included that sleep while there is room for their page. */
  #free({ accepts }: QueueEntry<Account>): number {
    const { ready = [], idle = [] } = Object.groupBy(this.#candidates(accepts), ({ state }) => state);
    return ready.length + Math.min(idle.length, Math.max(0, this.#parts.room()));
  }

  #candidates(accepts: (account: Account) => boolean): Account[] {
    return [...this.#parts.accounts.values()].filter(accepts);
  }
}

/** Whether it may answer within this time. */
function isPromising(account: Account, limitMs: number): boolean {
  const { failingSinceMs, waitMs } = account;
  if (failingSinceMs !== undefined && performance.now() - failingSinceMs + waitMs > DOUBT_MS) return false;
  // Its pace is no failure: the forecast says when it serves again.
  return account.state === "rate_limited" || waitMs < limitMs;
}

/** A second more than so long, since clients and clocks are not exact. */
function boundedRetryMs(waitMs: number): number {
  return MIN_RETRY_AFTER_MS + (Number.isFinite(waitMs) ? Math.max(0, waitMs) : 0);
}

function tooLate({ limitMs }: QueueEntry<Account>, waitMs: number, others: number): GatewayError {
  const [wait, limit] = [waitMs, limitMs].map((ms) => Math.ceil(ms / 1000));
  const message =
    `The accounts' pace allows no answer in time: ${others} others wait, this request would be served in about ` +
    `${wait} s, and it may wait ${limit} s.`;
  const details = { retryAfterMs: boundedRetryMs(waitMs - limitMs * SAFE_SHARE), estimatedWaitMs: waitMs };
  return new GatewayError("rate_limit_exceeded", message, details);
}
