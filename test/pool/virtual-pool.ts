import { setImmediate } from "node:timers/promises";
import { expect, vi } from "vitest";
import type { Session } from "../../src/browser/session.ts";
import { GatewayError } from "../../src/errors.ts";
import { MemoryPressure } from "../../src/process/memory-pressure.ts";
import type { QueueStatus } from "../../src/pool/admission.ts";
import type { OperatorControl } from "../../src/pool/operator-control.ts";
import { RateLimiter, type RateLimit } from "../../src/pool/rate-limiter.ts";
import { SessionPool } from "../../src/pool/session-pool.ts";
import { Account } from "../../src/pool/account.ts";
import type { Caller } from "../../src/pool/request-queue.ts";

const NEVER_MS = 1_000_000_000;
const SITE = "first";

/** A page that takes so long to open, and whose site answers at once. */
function openSession(openMs: number): Session {
  let isOpen = openMs === 0;
  const stub = {
    options: {},
    get isOpen() {
      return isOpen;
    },
    get holdsPage() {
      return isOpen;
    },
    authCookies: { expiresAt: undefined, confirm: () => {} },
    onLost: () => {},
    keepCookies: async () => {},
    isQuiet: async () => true,
    wornBy: async () => undefined,
    checkSignIn: async () => {},
    closePage: async () => void (isOpen = openMs === 0),
    sleep: async () => void (isOpen = openMs === 0),
    open: async () => {
      await new Promise<void>((resolve) => void setTimeout(resolve, openMs));
      isOpen = true;
    },
    ping: async () => {},
    fetch: async () => ({ status: 200, headers: {}, body: (async function* () {})() }),
    [Symbol.asyncDispose]: async () => {},
  };
  return stub as unknown as Session;
}

export interface Arrival {
  /** Virtual milliseconds after the one before. */
  readonly afterMs: number;
  readonly answerMs: number;
  readonly keyId: string;
  /** The site that answers; the first one unless given. */
  readonly site?: string;
}

export interface Outcome extends Arrival {
  readonly atMs: number;
  startMs?: number;
  account?: string;
  /** How long the account's rate limit made it wait. */
  pacedMs?: number;
  refused?: { readonly error: GatewayError; readonly atMs: number };
}

/** A pool with the real rate limiter and queue, in time that the test moves. */
export class VirtualPool implements AsyncDisposable {
  readonly limit: RateLimit;
  readonly accounts: Account[] = [];
  readonly #pool: SessionPool;
  readonly #openMs: number;

  constructor(limit: RateLimit, timeoutMs: number, { places = 1_000, openMs = 0, hibernateAfterMs = NEVER_MS } = {}) {
    this.limit = limit;
    this.#openMs = openMs;
    const log = { debug() {}, info() {}, warn() {}, error: (fields: object) => expect.fail(JSON.stringify(fields)) };
    const never = {
      hibernateAfterMs,
      renewBeforeMs: 0,
      expiresSoonMs: 0,
      probeAfterMs: NEVER_MS,
      leaseLimitMs: NEVER_MS,
    };
    const options = {
      ...never,
      limit: places,
      timeoutMs,
      maxOpenSessions: 100,
      memory: new MemoryPressure({ usedShare: () => 0 }),
    };
    this.#pool = new SessionPool(options, log as never);
  }

  async addAccounts(count: number, site = SITE): Promise<void> {
    for (let index = this.accounts.length, end = index + count; index < end; index += 1) {
      const parts = {
        session: openSession(this.#openMs),
        rateLimiter: new RateLimiter(this.limit),
        events: this.#pool.events,
      };
      const account = new Account({ id: `account-${index}`, site, ...parts });
      this.accounts.push(account);
      await this.#pool.add(account);
    }
    while (!this.#pool.states.every(({ state }) => state === "ready")) await moveOn(1);
  }

  /** Asks, holds the account as long as the answer takes, and notes what came of it. */
  async ask(arrival: Arrival): Promise<Outcome> {
    const outcome: Outcome = { ...arrival, atMs: performance.now() };
    const caller: Caller = { keyId: arrival.keyId, isBackground: false };
    try {
      using lease = await this.#pool.lease(
        { caller, site: arrival.site ?? SITE, except: new Set<string>() },
        new AbortController().signal,
      );
      outcome.startMs = performance.now();
      outcome.account = lease.accountId;
      outcome.pacedMs = lease.pacedMs;
      await lease.fetch({ path: "/", method: "GET", headers: {} }, new AbortController().signal);
      await new Promise<void>((resolve) => void setTimeout(resolve, arrival.answerMs));
    } catch (cause) {
      outcome.refused = { error: GatewayError.from(cause), atMs: performance.now() };
    }
    return outcome;
  }

  /** All of them, in virtual time. */
  async play(arrivals: readonly Arrival[]): Promise<Outcome[]> {
    const asked: Promise<Outcome>[] = [];
    for (const arrival of arrivals) {
      await moveOn(arrival.afterMs);
      asked.push(this.ask(arrival));
      await moveOn(0);
    }
    return this.until(Promise.all(asked));
  }

  /** Takes the account out of use. */
  async remove(id: string): Promise<void> {
    await this.until(this.#pool.remove(id));
    this.#pool.refuseUnservable();
  }

  get operator(): OperatorControl {
    return this.#pool.operator;
  }

  get states(): readonly string[] {
    return this.#pool.states.map(({ state }) => state);
  }

  get queue(): QueueStatus {
    return this.#pool.queue;
  }

  async until<T>(promised: Promise<T>): Promise<T> {
    const progress = { isOver: false };
    void promised.finally(() => (progress.isOver = true)).catch(() => {});
    while (!progress.isOver) await moveOn(500);
    return promised;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.until(this.#pool[Symbol.asyncDispose]());
  }
}

/** Moves the clock; the queue is served in microtasks and in turns of the loop. */
export async function moveOn(ms: number): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await setImmediate();
  await vi.advanceTimersByTimeAsync(ms);
  for (let turn = 0; turn < 3; turn += 1) await setImmediate();
}
