import { createPool, type Pool } from "generic-pool";
import { setTimeout as delay } from "node:timers/promises";
import { GatewayError } from "../errors.ts";
import type { Log } from "../log.ts";
import { Lease } from "./lease.ts";
import type { Slot } from "./slot.ts";
import { WaitingLine, type WaitingLineLimits } from "./waiting-line.ts";

export interface SessionPoolOptions extends WaitingLineLimits {
  /** A lease that is held longer is taken back. */
  readonly leaseLimitMs: number;
}

/** How many pages are opened at a time: more would only slow each other down. */
const OPENING_LIMIT = 4;
const MIN_RETRY_AFTER_MS = 1_000;

/**
 * Lends each credential's session to one request at a time. generic-pool holds those that stand ready, longest idle
 * first, which makes it round robin; a session that opens, rests or recovers is one that was not returned yet, because
 * generic-pool retries a failing `create` without pause and hangs on a failing `validate`.
 */
export class SessionPool implements AsyncDisposable {
  readonly #slots: readonly Slot[];
  readonly #options: SessionPoolOptions;
  readonly #log: Log;
  readonly #line: WaitingLine<Slot>;
  readonly #ready: Pool<Slot>;
  readonly #stopping = new AbortController();
  readonly #leases = new Set<Lease>();
  #opening = 0;
  readonly #openers: (() => void)[] = [];
  #handingOut: Promise<void> | undefined;

  constructor(slots: readonly Slot[], options: SessionPoolOptions, log: Log) {
    this.#slots = slots;
    this.#options = options;
    this.#log = log;
    this.#line = new WaitingLine(options);
    const unclaimed = [...slots];
    const claim = async (): Promise<Slot> => {
      const slot = unclaimed.shift();
      if (!slot) throw new Error("generic-pool asked for more sessions than there are credentials");
      return slot;
    };
    this.#ready = createPool({ create: claim, destroy }, { max: slots.length, fifo: true, autostart: false });
  }

  /** Opens every credential's session in the background. */
  async start(): Promise<void> {
    const slots = await Promise.all(this.#slots.map(() => this.#ready.acquire()));
    for (const slot of slots) {
      slot.session.onLost = () => this.#handOut();
      void this.#background(this.#recover(slot));
    }
  }

  /**
   * Waits for a session that stands ready and is none of `except`.
   * @throws GatewayError `no_usable_credential` when there is none to wait for, `rate_limit_exceeded`, `queue_timeout`,
   * `server_shutting_down`; the signal's reason when it aborts.
   */
  async lease(except: ReadonlySet<string>, signal: AbortSignal): Promise<Lease> {
    if (this.#stopping.signal.aborted) throw shuttingDown();
    const candidates = this.#slots.filter((slot) => !except.has(slot.id));
    if (!candidates.some((slot) => slot.waitMs < this.#options.timeoutMs)) throw this.#noneUsable(candidates);
    const waiting = this.#line.wait(
      (slot) => !except.has(slot.id),
      () => shortestWaitMs(candidates),
      signal,
    );
    this.#handOut();
    const slot = await waiting;
    slot.enter("busy", "answering");
    const lease = new Lease(slot, this.#options.leaseLimitMs, (error) => this.#background(this.#settle(lease, error)));
    this.#leases.add(lease);
    return lease;
  }

  get states(): readonly Pick<Slot, "id" | "state" | "reason" | "since" | "nextTryAt">[] {
    return this.#slots.map(({ id, state, reason, since, nextTryAt }) => ({ id, state, reason, since, nextTryAt }));
  }

  get waiting(): number {
    return this.#line.length;
  }

  /** Ready to serve, busy included; else why not, a line a state. Whoever asks needs no key, so nobody is named. */
  get readiness(): { readonly ready: boolean; readonly reasons: readonly string[] } {
    if (this.#stopping.signal.aborted) return { ready: false, reasons: ["shutting down"] };
    const ready = this.#slots.some(({ state }) => state === "ready" || state === "busy" || state === "resting");
    const byState = Object.groupBy(this.#slots, ({ state }) => state);
    const reasons = Object.entries(byState).map(([state, slots]) => `${slots.length} ${state}: ${slots[0]?.reason}`);
    return { ready, reasons: ready ? [] : reasons };
  }

  /** Admits nobody any more and waits until the last lease is back, or until the signal aborts. */
  async drain(signal: AbortSignal): Promise<void> {
    this.#stopping.abort(shuttingDown());
    this.#line.refuseAll(shuttingDown());
    const abandoned = Promise.withResolvers<void>();
    const onAbort = (): void => abandoned.resolve();
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    await Promise.race([Promise.all([...this.#leases].map((lease) => lease.settled)), abandoned.promise]);
    signal.removeEventListener("abort", onAbort);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain(AbortSignal.abort());
    await Promise.all(this.#slots.map((slot) => slot.pace.stop()));
    await Promise.all(this.#slots.map((slot) => slot.session[Symbol.asyncDispose]()));
  }

  /** A lease came back, or was taken back. */
  async #settle(lease: Lease, error: GatewayError | undefined): Promise<void> {
    const { slot } = lease;
    this.#leases.delete(lease);
    const failure = error && error.row.fate !== "keep" ? error : await this.#checkIn(slot);
    if (failure) {
      this.#log.warn({ credential: slot.id, code: failure.code, reason: failure.message }, "session failed");
      if (failure.row.fate !== "cool") await slot.session.closePage();
      slot.fail(failure);
    } else if (!error) slot.succeed();
    void this.#background(this.#recover(slot));
  }

  /** What keeps a session from being lent again, if anything does. */
  async #checkIn(slot: Slot): Promise<GatewayError | undefined> {
    try {
      if (!(await slot.session.isQuiet())) return new GatewayError("session_lost", "The page is stuck or gone.");
      await slot.session.keepCookies();
      return undefined;
    } catch (cause) {
      return GatewayError.from(cause);
    }
  }

  /** Brings a session that is out of the pool back in: waits its time, opens its page, waits for its pace. */
  async #recover(slot: Slot): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted && (slot.nextTryAt !== undefined || !slot.session.isOpen)) {
      try {
        await delay(slot.waitMs, undefined, { signal, ref: false });
        await this.#inTurn(async () => {
          slot.enter("opening", "going to the site");
          await slot.session.open(signal);
        });
        slot.nextTryAt = undefined;
        this.#log.info({ credential: slot.id }, "session open");
      } catch (cause) {
        if (signal.aborted) break;
        slot.failToOpen(GatewayError.from(cause));
        const { id: credential, state, reason, waitMs: nextTryMs } = slot;
        this.#log.warn({ credential, state, reason, nextTryMs }, "session did not open");
      }
    }
    if (signal.aborted) {
      slot.enter("draining", "the gateway stops");
      return;
    }
    if (!slot.permit) {
      if (slot.pace.waitMs > 0) slot.enter("resting", "its pace");
      slot.permit = await slot.pace.take();
    }
    slot.enter("ready", "waiting for a request");
    await this.#ready.release(slot);
    this.#handOut();
  }

  async #inTurn(open: () => Promise<void>): Promise<void> {
    if (this.#opening >= OPENING_LIMIT) await new Promise<void>((resolve) => this.#openers.push(resolve));
    this.#opening += 1;
    try {
      await open();
    } finally {
      this.#opening -= 1;
      this.#openers.shift()?.();
    }
  }

  /** One pass at a time over the sessions that stand ready: to those who wait, or to repair. */
  #handOut(): void {
    const before = this.#handingOut ?? Promise.resolve();
    this.#handingOut = before.then(() => this.#offerReady());
    void this.#background(this.#handingOut);
  }

  async #offerReady(): Promise<void> {
    const kept: Slot[] = [];
    const mayStop = (): boolean => this.#line.length === 0 && this.#slots.every(isSound);
    while (this.#ready.available > 0 && !mayStop()) {
      const slot = await this.#ready.acquire();
      if (!isSound(slot)) void this.#background(this.#recover(slot));
      else if (!this.#line.offer(slot)) kept.push(slot);
    }
    await Promise.all(kept.map((slot) => this.#ready.release(slot)));
  }

  /** Work that nobody awaits reports its failure here; there should be none. */
  #background(work: Promise<void>): Promise<void> {
    return work.catch((cause: unknown) => this.#log.error({ err: cause }, "the pool failed"));
  }

  #noneUsable(candidates: readonly Slot[]): GatewayError {
    const why = candidates.map(({ id, state }) => `${id} is ${state}`).join(", ");
    const message = `No account can answer now${why === "" ? "" : `: ${why}`}.`;
    return new GatewayError("no_usable_credential", message, { retryAfterMs: shortestWaitMs(candidates) });
  }
}

/** Ready ones whose page was lost meanwhile are not. */
function isSound(slot: Slot): boolean {
  return slot.state !== "ready" || slot.session.isOpen;
}

function destroy(slot: Slot): Promise<void> {
  return slot.session[Symbol.asyncDispose]();
}

function shortestWaitMs(slots: readonly Slot[]): number {
  return Math.max(MIN_RETRY_AFTER_MS, Math.min(...slots.map((slot) => slot.waitMs)));
}

function shuttingDown(): GatewayError {
  return new GatewayError("server_shutting_down", "The gateway is shutting down.", {
    retryAfterMs: MIN_RETRY_AFTER_MS,
  });
}
