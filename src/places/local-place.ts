import { setTimeout as delay } from "node:timers/promises";
import type { ChatRequest, ReplyPart } from "../chat.ts";
import { GatewayError } from "../errors.ts";
import { showFailure, type FailureWitness } from "../pool/failure-witness.ts";
import type { Lease } from "../pool/lease.ts";
import type { Caller } from "../pool/request-queue.ts";
import type { Sites } from "../sites/catalog.ts";
import { timely, type AttemptLimits } from "./attempt.ts";
import { IS_NO_FAULT_OF_THE_ACCOUNT, MAX_ATTEMPTS, type AttemptCount, type Place } from "./place.ts";

export interface LocalPlaceParts {
  readonly sites: Pick<Sites, "siteOf">;
  /** This replica; undefined without a cluster. */
  readonly replicaId?: string | undefined;
  readonly limits: AttemptLimits;
  /** Looks at what failed. */
  readonly witness?: FailureWitness | undefined;
}

/** An account of this process's own pool, leased to one request. */
export class LocalPlace implements Place {
  readonly #lease: Lease;
  readonly #caller: Caller;
  readonly #parts: LocalPlaceParts;

  constructor(lease: Lease, caller: Caller, parts: LocalPlaceParts) {
    this.#lease = lease;
    this.#caller = caller;
    this.#parts = parts;
  }

  get accountId(): string {
    return this.#lease.accountId;
  }

  get replicaId(): string | undefined {
    return this.#parts.replicaId;
  }

  /** Names what is sent. */
  get turnId(): string {
    return this.#lease.turnId;
  }

  get pacedMs(): number {
    return this.#lease.pacedMs;
  }

  get sentAfterMs(): number | undefined {
    return this.#lease.sentAfterMs;
  }

  async *answer(
    request: ChatRequest,
    count: AttemptCount,
    signal: AbortSignal,
  ): AsyncGenerator<ReplyPart, void, undefined> {
    const lease = this.#lease;
    let hasAnswered = false;
    try {
      for await (const part of this.#ask(request, count, signal)) {
        lease.progressed();
        hasAnswered = true;
        yield part;
      }
    } catch (cause) {
      const failure = await lease.explain(GatewayError.from(signal.aborted ? signal.reason : cause));
      lease.blame(failure);
      const mayRepeat = !hasAnswered && count.attempts < MAX_ATTEMPTS && IS_NO_FAULT_OF_THE_ACCOUNT.has(failure.code);
      const { requestId } = this.#caller;
      showFailure(this.#parts.witness, { lease, failure, requestId, progress: count, mayRepeat });
      throw failure;
    }
  }

  [Symbol.dispose](): void {
    this.#lease[Symbol.dispose]();
  }

  /**
   * Asks under this lease. The request is repeated after a challenge, which is solved once, and after a change of the
   * machine's network.
   */
  async *#ask(
    request: ChatRequest,
    count: AttemptCount,
    signal: AbortSignal,
  ): AsyncGenerator<ReplyPart, void, undefined> {
    let isSolved = false;
    for (;;) {
      let isUnderWay = false;
      try {
        for await (const part of this.#attempt(request, count, signal)) {
          isUnderWay = true;
          yield part;
        }
        return;
      } catch (cause) {
        const mayRepeat = !isUnderWay && count.attempts < MAX_ATTEMPTS && !signal.aborted;
        if (!(cause instanceof GatewayError) || !mayRepeat) throw cause;
        if (cause.code === "site_challenged" && !isSolved) {
          isSolved = true;
          await this.#lease.solve(signal, { isWitnessed: this.#parts.witness !== undefined });
        } else if (cause.repeatAfterMs === undefined) throw cause;
        else await delay(cause.repeatAfterMs * (1 + Math.random() / 2), undefined, { signal });
      }
    }
  }

  #attempt(request: ChatRequest, count: AttemptCount, signal: AbortSignal): AsyncIterable<ReplyPart> {
    count.attempts += 1;
    const { sites, limits } = this.#parts;
    const attempt = new AbortController();
    const asked = AbortSignal.any([signal, attempt.signal]);
    return timely(sites.siteOf(request.model).reply(this.#lease.fetch, request, asked), limits, attempt);
  }
}
