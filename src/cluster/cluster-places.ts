import { setImmediate } from "node:timers/promises";
import type { LocalPlaces } from "../places/local-places.ts";
import type { Place, Places } from "../places/place.ts";
import type { LeaseRequest } from "../pool/admission.ts";
import type { Caller } from "../pool/request-queue.ts";
import { abortable } from "../process/abortable.ts";
import { RemotePlace } from "./remote-place.ts";
import { Search, type SearchParts } from "./search.ts";

export interface ClusterPlacesParts extends Omit<SearchParts, "onOver" | "local"> {
  readonly local: LocalPlaces;
  /** How long a request may wait. */
  readonly timeoutMs: number;
  /** How often a place at a peer ended so. */
  readonly outcomes: Map<string, number>;
  /** Resolves when peers have what they were answered. */
  readonly flushed: () => Promise<void>;
}

/** The door decides how long its request waits; peers let it wait a little longer. */
const GRACE_MS = 2_000;

/** The accounts of all replicas. */
export class ClusterPlaces implements Places {
  readonly #parts: ClusterPlacesParts;
  /** When each request came, on the monotonic clock. */
  readonly #arrivals = new WeakMap<Caller, number>();
  /** Requests that wait, and answers of peers. */
  readonly #running = new Set<Promise<void>>();

  constructor(parts: ClusterPlacesParts) {
    this.#parts = parts;
  }

  async acquire(wish: LeaseRequest, signal: AbortSignal): Promise<Place> {
    this.#timesOf(wish.caller);
    const { outcomes } = this.#parts;
    const over = Promise.withResolvers<void>();
    const onOver = (outcome: string): void => {
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      over.resolve();
    };
    const search = new Search(wish, () => this.#timesOf(wish.caller), { ...this.#parts, onOver });
    const found = search.place(signal);
    this.#run(found);
    const place = await found;
    if (place instanceof RemotePlace) this.#run(over.promise);
    return place;
  }

  positionOf(caller: Caller): number | undefined {
    return this.#parts.local.positionOf(caller);
  }

  waitMsOf(caller: Caller): number | undefined {
    return this.#parts.local.waitMsOf(caller);
  }

  /**
   * The answers of peers for this replica's clients count too, and so do its own answers for theirs. What waits here for the
   * accounts of peers waits on.
   */
  async drain(signal: AbortSignal): Promise<void> {
    const { local, share, flushed } = this.#parts;
    await local.drain(signal);
    await this.#forwarded(signal);
    share.close();
    await flushed();
  }

  /** Resolves when peers serve no request of this replica any more, or when the signal aborts. */
  async #forwarded(signal: AbortSignal): Promise<void> {
    while (this.#running.size > 0 && !signal.aborted) {
      await abortable(Promise.allSettled(this.#running), signal).catch(() => {});
    }
  }

  /** It counts a little longer than it runs: what follows it, such as another attempt, has begun by then. */
  #run(work: Promise<unknown>): void {
    const over: Promise<void> = work.then(nextTurn, nextTurn).then(() => void this.#running.delete(over));
    this.#running.add(over);
  }

  #timesOf(caller: Caller): { readonly waitedMs: number; readonly limitMs: number } {
    const nowMs = performance.now();
    const arrivedMs = this.#arrivals.get(caller) ?? nowMs;
    this.#arrivals.set(caller, arrivedMs);
    const leftMs = Math.min(this.#parts.timeoutMs, (caller.deadlineMs ?? Infinity) - nowMs);
    return { waitedMs: nowMs - arrivedMs, limitMs: Math.max(0, leftMs) + GRACE_MS };
  }
}

function nextTurn(): Promise<void> {
  return setImmediate();
}
