import { GatewayError } from "../errors.ts";
import type { Account } from "./account.ts";
import { prospectOf, type UsualDurations } from "./availability.ts";
import { Forecast } from "./forecast.ts";
import type { MovingAverage } from "./moving-average.ts";
import type { Caller, QueueEntry, RequestQueue, WaitingEntry, WaitingRequest } from "./request-queue.ts";

/** What a request wants of the pool. */
export interface LeaseRequest {
  readonly caller: Caller;
  /** The name of the site whose accounts can answer. */
  readonly site: string;
  /** The accounts that have failed this request. */
  readonly except: ReadonlySet<string>;
}

export interface AdmissionParts {
  readonly accounts: ReadonlyMap<string, Account>;
  readonly queue: RequestQueue<Account>;
  /** How long a request may wait. */
  readonly timeoutMs: number;
  /** How many pages may still open without another one closing. */
  readonly room: () => number;
  /** How long leases take, how long until the site has the prompt, and how long pages take to open. */
  readonly leases: MovingAverage;
  readonly sends: MovingAverage;
  readonly openings: MovingAverage;
}

const MIN_RETRY_AFTER_MS = 1_000;
/** The share of a request's time within which its turn must come: the answers before it may take longer than usual. */
const SAFE_SHARE = 0.95;
/** The queue refuses a request this long before its deadline, so that the reason still reaches the client. */
const REFUSE_BEFORE_MS = 100;
/** No request waits for an account that only failed for this long: it may need a person. */
const DOUBT_MS = 60_000;
const CERTAIN: UsualDurations = { leaseMs: 0, sendMs: 0, openingMs: 0 };

/** The queue as a request that arrives now would find it. */
export interface QueueStatus {
  readonly length: number;
  /** Undefined when no account can answer. */
  readonly estimatedWaitMs: number | undefined;
}

/** Decides which requests may wait: those that are served in time, as far as rate limits and states can tell. */
export class Admission {
  readonly #parts: AdmissionParts;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  /** What a request waits for: any account of its site in service that has not failed it. */
  entryFor({ caller, site, except }: LeaseRequest): QueueEntry<Account> {
    const { timeoutMs } = this.#parts;
    const leftMs = (caller.deadlineMs ?? Infinity) - performance.now() - REFUSE_BEFORE_MS;
    const entry: QueueEntry<Account> = {
      accepts: (account) => account.site === site && account.isInService && !except.has(account.id),
      limitMs: Math.max(0, Math.min(timeoutMs, leftMs)),
      retryAfterMs: () => this.#retryAfterMs(entry),
      availableNow: () => this.#availableTo(entry),
      caller,
    };
    return entry;
  }

  /** @throws GatewayError `no_usable_account`; `rate_limit_exceeded` when the request cannot be served in time. */
  check(newcomer: QueueEntry<Account>): void {
    const unservable = this.#unservable(newcomer);
    if (unservable) throw unservable;
    const waitMs = this.#waitOf(newcomer);
    if (waitMs > newcomer.limitMs * SAFE_SHARE) throw tooLate(newcomer, waitMs, this.#parts.queue.length);
  }

  /** Refuses the requests that cannot be served in time any more, even if others leave the queue. */
  refuseUnservable(): void {
    const { queue } = this.#parts;
    queue.refuse((entry) => this.#unservable(entry));
    const late = this.#late();
    queue.refuse((entry) => {
      const startMs = late.get(entry);
      return startMs === undefined ? undefined : tooLate(entry, startMs, queue.length - 1);
    });
  }

  /** How long the caller still waits, as far as is known; undefined when it does not wait. */
  waitMsOf(caller: Caller): number | undefined {
    const forecast = this.#forecast();
    for (const entry of this.#parts.queue.inOrder()) {
      const startMs = forecast.serve(entry.accepts);
      if (entry.caller === caller) return Number.isFinite(startMs) ? startMs : undefined;
    }
    return undefined;
  }

  /** The requests that wait, in the order in which they are served. */
  get waiting(): readonly WaitingRequest[] {
    const forecast = this.#forecast();
    const nowMs = performance.now();
    return this.#parts.queue.inOrder().map(({ accepts, caller, limitMs, endsMs }) => {
      const startMs = forecast.serve(accepts);
      return {
        caller,
        waitedMs: nowMs - (endsMs - limitMs),
        estimatedWaitMs: Number.isFinite(startMs) ? startMs : undefined,
        leftMs: Math.max(0, endsMs - nowMs),
      };
    });
  }

  /** For a request that arrives now and waits behind all others. */
  get status(): QueueStatus {
    const { queue } = this.#parts;
    const forecast = this.#forecast();
    for (const { accepts } of queue.inOrder()) forecast.serve(accepts);
    const waitMs = forecast.startOf((account) => account.isInService);
    return { length: queue.length, estimatedWaitMs: Number.isFinite(waitMs) ? waitMs : undefined };
  }

  /** How long a newcomer would wait. */
  #waitOf(newcomer: QueueEntry<Account>): number {
    const forecast = this.#forecast();
    for (const { accepts, caller } of this.#parts.queue.inOrderWith(newcomer)) {
      if (caller === newcomer.caller) break;
      forecast.serve(accepts);
    }
    return forecast.startOf(newcomer.accepts);
  }

  /** The requests that are late for certain, and when each would start. An answer may take less time than usual: 0. */
  #late(): ReadonlyMap<WaitingEntry<Account>, number> {
    const forecast = this.#forecast(CERTAIN);
    const nowMs = performance.now();
    const late = new Map<WaitingEntry<Account>, number>();
    for (const entry of this.#parts.queue.inOrder()) {
      const startMs = forecast.startOf(entry.accepts);
      if (nowMs + startMs > entry.endsMs && Number.isFinite(startMs)) late.set(entry, startMs);
      else forecast.serve(entry.accepts);
    }
    return late;
  }

  #forecast(usual: UsualDurations = this.#usual): Forecast<Account> {
    const { accounts, timeoutMs } = this.#parts;
    const promising = [...accounts.values()].filter((account) => isPromising(account, timeoutMs));
    return new Forecast(
      promising.map((account) => prospectOf(account, usual)),
      usual,
    );
  }

  get #usual(): UsualDurations {
    const { leases, sends, openings } = this.#parts;
    return { leaseMs: leases.ms, sendMs: sends.ms, openingMs: openings.ms };
  }

  /** Why no account will serve the request; undefined when one may. */
  #unservable({ accepts }: QueueEntry<Account>): GatewayError | undefined {
    const candidates = this.#accountsThat(accepts);
    if (candidates.some((account) => isPromising(account, this.#parts.timeoutMs))) return undefined;
    const held = this.#accountsThat((account) => account.isHeld && !account.isRetired);
    const byState = Object.entries(Object.groupBy([...candidates, ...held], ({ state }) => state));
    const why = byState.map(([state, accounts]) => `${accounts.length} ${state}`).join(", ");
    const message = `No account can answer now${why === "" ? "" : `: ${why}`}.`;
    if (candidates.length === 0) return new GatewayError("no_usable_account", message);
    const retryAfterMs = Math.max(MIN_RETRY_AFTER_MS, Math.min(...candidates.map((account) => account.waitMs)));
    return new GatewayError("no_usable_account", message, { retryAfterMs });
  }

  /** When the queue has room again, and a request like this one would be served in time. */
  #retryAfterMs(entry: QueueEntry<Account>): number {
    const { queue } = this.#parts;
    const forecast = this.#forecast();
    let roomMs = 0;
    // Where no request may wait, there is room when this one itself is served.
    for (const { accepts } of [...queue.inOrder(), entry].slice(0, queue.surplus)) {
      roomMs = Math.max(roomMs, forecast.serve(accepts));
    }
    return boundedRetryMs(Math.max(roomMs, this.#waitOf(entry) - entry.limitMs * SAFE_SHARE));
  }

  /** How many accounts could be leased now, including those that sleep while there is room for their page. */
  #availableTo({ accepts }: QueueEntry<Account>): number {
    const { ready = [], idle = [] } = Object.groupBy(this.#accountsThat(accepts), ({ state }) => state);
    return ready.length + Math.min(idle.length, Math.max(0, this.#parts.room()));
  }

  #accountsThat(match: (account: Account) => boolean): Account[] {
    return [...this.#parts.accounts.values()].filter(match);
  }
}

/** Whether it may answer within this time. */
function isPromising(account: Account, limitMs: number): boolean {
  const { failingSinceMs, waitMs } = account;
  if (account.isHeld) return false;
  if (failingSinceMs !== undefined && performance.now() - failingSinceMs + waitMs > DOUBT_MS) return false;
  // A rate limit is no failure: the forecast says when the account serves again.
  return account.state === "rate_limited" || waitMs < limitMs;
}

/** One second longer than the wait, since clients and clocks are not exact. */
function boundedRetryMs(waitMs: number): number {
  return MIN_RETRY_AFTER_MS + (Number.isFinite(waitMs) ? Math.max(0, waitMs) : 0);
}

function tooLate({ limitMs }: QueueEntry<Account>, waitMs: number, others: number): GatewayError {
  const [wait, limit] = [waitMs, limitMs].map((ms) => Math.ceil(ms / 1000));
  const message =
    `The accounts' rate limits allow no answer in time: ${others} others wait, this request would be served in about ` +
    `${wait} s, and it may wait ${limit} s.`;
  const details = { retryAfterMs: boundedRetryMs(waitMs - limitMs * SAFE_SHARE), estimatedWaitMs: waitMs };
  return new GatewayError("rate_limit_exceeded", message, details);
}
