import type { GatewayError } from "../errors.ts";
import type { Account } from "./account.ts";
import type { Candidate } from "./distant-account.ts";
import { Prospects, type ProspectsParts } from "./prospects.ts";
import { boundedRetryMs, noUsableAccount, SAFE_SHARE, shuttingDown, tooLate } from "./refusals.ts";
import type { Caller, Guest, QueueEntry, RequestQueue, WaitingEntry, WaitingRequest } from "./request-queue.ts";

/** What a request wants of the pool. */
export interface LeaseRequest {
  readonly caller: Caller;
  /** The name of the site whose accounts can answer. */
  readonly site: string;
  /** The accounts that have failed this request. */
  readonly except: ReadonlySet<string>;
  /** Whether a page may be woken for it; yes unless given. */
  readonly mayWake?: () => boolean;
  /** For a request that came to another replica. */
  readonly guest?: Guest;
}

export interface AdmissionParts extends ProspectsParts {
  readonly queue: RequestQueue<Account, Candidate>;
  /** How many pages may still open without another one closing. */
  readonly room: () => number;
}

/** The queue refuses a request this long before its deadline, so that the reason still reaches the client. */
const REFUSE_BEFORE_MS = 100;

/** The queue as a request that arrives now would find it. */
export interface QueueStatus {
  readonly length: number;
  /** Undefined when no account can answer. */
  readonly estimatedWaitMs: number | undefined;
}

/** Decides which requests may wait: those that are served in time, as far as rate limits and states can tell. */
export class Admission {
  readonly #parts: AdmissionParts;
  readonly #prospects: Prospects;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
    this.#prospects = new Prospects(parts);
  }

  /** What a request waits for: any account of its site in service that has not failed it. */
  entryFor({ caller, site, except, mayWake, guest }: LeaseRequest): QueueEntry<Candidate> {
    const { timeoutMs } = this.#parts;
    const leftMs = (caller.deadlineMs ?? Infinity) - performance.now() - REFUSE_BEFORE_MS;
    const entry: QueueEntry<Candidate> = {
      accepts: (account) => account.site === site && account.isInService && !except.has(account.id),
      limitMs: guest?.limitMs ?? Math.max(0, Math.min(timeoutMs, leftMs)),
      retryAfterMs: () => this.#retryAfterMs(entry),
      availableNow: () => this.#availableTo(entry),
      mayWake,
      guest,
      caller,
    };
    return entry;
  }

  /**
   * @throws GatewayError `no_usable_account`; `server_shutting_down` when no other replica will serve it either;
   * `rate_limit_exceeded` when the request cannot be served in time.
   */
  check(newcomer: QueueEntry<Candidate>): void {
    const unservable = this.#unservable(newcomer);
    if (unservable) throw unservable;
    const waitMs = this.#waitOf(newcomer);
    if (waitMs > newcomer.limitMs * SAFE_SHARE) throw tooLate(newcomer, waitMs, this.#parts.queue.length);
  }

  /** Refuses the requests that cannot be served in time any more, even if others leave the queue. */
  refuseUnservable(): void {
    const { queue } = this.#parts;
    // The replica that a guest came to decides for it, but nothing is served here any more.
    const forGuest = (): GatewayError | undefined => (this.#isStopping ? shuttingDown() : undefined);
    queue.refuse((entry) => (entry.guest ? forGuest() : this.#unservable(entry)));
    const late = this.#late();
    queue.refuse((entry) => {
      const startMs = late.get(entry);
      return startMs === undefined ? undefined : tooLate(entry, startMs, queue.length - 1);
    });
  }

  /** How long the caller still waits, as far as is known; undefined when it does not wait. */
  waitMsOf(caller: Caller): number | undefined {
    const forecast = this.#prospects.forecast("usual");
    for (const entry of this.#parts.queue.inOrder()) {
      const startMs = forecast.serve(entry.accepts);
      if (entry.caller === caller) return Number.isFinite(startMs) ? startMs : undefined;
    }
    return undefined;
  }

  /** The requests that came here and wait, in the order in which they are served. */
  get waiting(): readonly WaitingRequest[] {
    const forecast = this.#prospects.forecast("usual");
    const nowMs = performance.now();
    return this.#parts.queue.inOrder().flatMap(({ accepts, caller, limitMs, endsMs, guest }, index) => {
      const startMs = forecast.serve(accepts);
      if (guest) return [];
      const estimatedWaitMs = Number.isFinite(startMs) ? startMs : undefined;
      const [waitedMs, leftMs] = [nowMs - (endsMs - limitMs), Math.max(0, endsMs - nowMs)];
      return [{ position: index + 1, caller, waitedMs, estimatedWaitMs, leftMs }];
    });
  }

  /** The accounts here, as far as they may serve. */
  get prospects(): Prospects {
    return this.#prospects;
  }

  /** Whether an account sleeps here that may serve soon and is accepted. */
  hasAsleep(accepts: (account: Candidate) => boolean): boolean {
    return this.#prospects.someAsleep(accepts);
  }

  /** Whether an account is ready that no waiting request is about to get. */
  hasReadyFor(wish: LeaseRequest): boolean {
    if (this.#isStopping) return false;
    const { accepts } = this.entryFor(wish);
    const ready = this.#accountsThat((account) => account.state === "ready" && accepts(account));
    return ready.length > this.#parts.queue.countAccepting(ready);
  }

  /** For a request that arrives now and waits behind all others. */
  get status(): QueueStatus {
    const { queue } = this.#parts;
    const forecast = this.#prospects.forecast("usual");
    for (const { accepts } of queue.inOrder()) forecast.serve(accepts);
    const waitMs = forecast.startOf((account) => account.isInService);
    const length = queue.inOrder().filter(({ guest }) => !guest).length;
    return { length, estimatedWaitMs: Number.isFinite(waitMs) ? waitMs : undefined };
  }

  /**
   * How long a newcomer would wait for its turn. A page is opened for requests that wait, so none is refused for the time that
   * this takes: otherwise a page that opens slowly would never be opened.
   */
  #waitOf(newcomer: QueueEntry<Candidate>): number {
    const forecast = this.#prospects.forecast("open");
    for (const { accepts, caller } of this.#parts.queue.inOrderWith(newcomer)) {
      if (caller === newcomer.caller) break;
      forecast.serve(accepts);
    }
    return forecast.startOf(newcomer.accepts);
  }

  /** The requests that are late for certain, and when each would start. An answer may take less time than usual: 0. */
  #late(): ReadonlyMap<WaitingEntry<Account, Candidate>, number> {
    const forecast = this.#prospects.forecast("certain");
    const nowMs = performance.now();
    const late = new Map<WaitingEntry<Account, Candidate>, number>();
    for (const entry of this.#parts.queue.inOrder()) {
      const startMs = forecast.startOf(entry.accepts);
      const isLate = nowMs + startMs > entry.endsMs && Number.isFinite(startMs);
      if (isLate && !entry.guest) late.set(entry, startMs);
      else forecast.serve(entry.accepts);
    }
    return late;
  }

  /** Why no account will serve the request; undefined when one may. */
  #unservable({ accepts }: QueueEntry<Candidate>): GatewayError | undefined {
    if (this.#prospects.some(accepts)) return undefined;
    if (this.#isStopping) return shuttingDown();
    const candidates = this.#accountsThat(accepts);
    const held = this.#accountsThat((account) => account.isHeld && !account.isRetired);
    const states = [...candidates, ...held].map(({ state }) => state);
    return noUsableAccount(
      states,
      candidates.map(({ waitMs }) => waitMs),
    );
  }

  /** When the queue has room again, and a request like this one would be served in time. */
  #retryAfterMs(entry: QueueEntry<Candidate>): number {
    const { queue } = this.#parts;
    const forecast = this.#prospects.forecast("usual");
    let roomMs = 0;
    // Where no request may wait, there is room when this one itself is served.
    for (const { accepts } of [...queue.inOrder(), entry].slice(0, queue.surplus)) {
      roomMs = Math.max(roomMs, forecast.serve(accepts));
    }
    return boundedRetryMs(Math.max(roomMs, this.#waitOf(entry) - entry.limitMs * SAFE_SHARE));
  }

  /** How many accounts could be leased now, including those that sleep while there is room for their page. */
  #availableTo({ accepts }: QueueEntry<Candidate>): number {
    const { ready = [], idle = [] } = Object.groupBy(this.#accountsThat(accepts), ({ state }) => state);
    const distant = this.#prospects.countDistantReady(accepts);
    return ready.length + Math.min(idle.length, Math.max(0, this.#parts.room())) + distant;
  }

  get #isStopping(): boolean {
    return this.#parts.signal.aborted;
  }

  #accountsThat(match: (account: Account) => boolean): Account[] {
    return [...this.#parts.accounts.values()].filter(match);
  }
}
