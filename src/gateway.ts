import { setTimeout as delay } from "node:timers/promises";
import type { ChatRequest, ReplyPart } from "./chat.ts";
import { GatewayError, type ErrorCode } from "./errors.ts";
import { showFailure, type FailureWitness } from "./pool/failure-witness.ts";
import type { Lease } from "./pool/lease.ts";
import type { SessionPool } from "./pool/session-pool.ts";
import type { Caller } from "./pool/request-queue.ts";
import type { Sites } from "./sites/catalog.ts";

/** One answer under way. Iterate it once; leaving the loop early cancels it upstream. */
export interface Reply extends AsyncIterable<ReplyPart> {
  readonly progress: Readonly<Progress>;
}

/** The state of an answer under way. */
export interface Progress {
  /** Which account is answering; undefined until one was leased. */
  accountId: string | undefined;
  /** How often the site was asked so far. */
  attempts: number;
  /** How long it waited for accounts, all attempts together; in milliseconds, as all that follows. */
  queuedMs: number;
  /** How much of that the rate limits of the accounts that answered took. */
  pacedMs?: number;
  /** Of the attempt that answered: from the lease to the prompt's arrival at the site, … */
  leaseMs?: number;
  /** … from there to the first part, … */
  firstByteMs?: number;
  /** … and from there to the end. */
  streamMs?: number;
  /** Its position in the queue, 1 for the next; undefined when it does not wait. */
  readonly queuePosition: number | undefined;
  /** How much longer it will wait, as far as is known; undefined when it does not wait. */
  readonly estimatedWaitMs: number | undefined;
  /** The gateway answers by itself, from the conversation. */
  readonly isLocal?: true;
}

export interface GatewayLimits {
  /** For the first part of an answer, and for each gap between two parts. */
  readonly firstPartTimeoutMs: number;
  readonly gapTimeoutMs: number;
}

/** The most times that the site is asked for one request, repeats after challenges included: it should not see a burst. */
const MAX_ATTEMPTS = 3;
/** After so long a silence, the site has the prompt and works on it. A repeat would be a second prompt. */
const SILENCE_MS = 10_000;
/** These failures leave open whether the site still works on the prompt. */
const ENDS_WITHOUT_A_WORD: ReadonlySet<ErrorCode> = new Set(["site_unreachable", "reply_cut", "session_lost"]);

type Pool = Pick<SessionPool, "lease" | "positionOf" | "waitMsOf">;

/** Leases a session, asks the site and hands its parts on. After a failure it tries another account. */
export class Gateway {
  readonly #pool: Pool;
  readonly #sites: Pick<Sites, "siteOf">;
  readonly #limits: GatewayLimits;
  readonly #witness: FailureWitness | undefined;

  constructor(pool: Pool, sites: Pick<Sites, "siteOf">, limits: GatewayLimits, witness?: FailureWitness) {
    this.#pool = pool;
    this.#sites = sites;
    this.#limits = limits;
    this.#witness = witness;
  }

  /** Nothing happens until the reply is iterated. The iteration throws GatewayError only. */
  reply(request: ChatRequest, caller: Caller, signal: AbortSignal): Reply {
    const pool = this.#pool;
    const progress: Progress = {
      accountId: undefined,
      attempts: 0,
      queuedMs: 0,
      get queuePosition() {
        return pool.positionOf(caller);
      },
      get estimatedWaitMs() {
        return pool.waitMsOf(caller);
      },
    };
    const parts = this.#parts(request, progress, { caller, signal });
    return { progress, [Symbol.asyncIterator]: () => parts };
  }

  async *#parts(
    request: ChatRequest,
    progress: Progress,
    { caller, signal }: { readonly caller: Caller; readonly signal: AbortSignal },
  ): AsyncGenerator<ReplyPart, void, undefined> {
    /** Accounts that failed. An account whose page died is not among them, because it gets a new page. */
    const failed = new Set<string>();
    const site = this.#sites.siteOf(request.model);
    let lastFailure: GatewayError | undefined;
    while (progress.attempts < MAX_ATTEMPTS) {
      const askedMs = performance.now();
      using lease = await this.#pool
        .lease({ caller, site: site.name, except: failed }, signal)
        .catch((cause: unknown) => {
          // The last account's failure says more than that there is no other account.
          throw GatewayError.from(signal.aborted ? signal.reason : (lastFailure ?? cause));
        })
        .finally(() => (progress.queuedMs += performance.now() - askedMs));
      progress.accountId = lease.accountId;
      progress.pacedMs = (progress.pacedMs ?? 0) + lease.pacedMs;
      const leasedAtMs = performance.now();
      let firstPartAtMs: number | undefined;
      try {
        for await (const part of this.#ask(lease, request, progress, signal)) {
          firstPartAtMs ??= performance.now();
          lease.progressed();
          yield part;
        }
        return;
      } catch (cause) {
        lastFailure = await lease.explain(GatewayError.from(signal.aborted ? signal.reason : cause));
        lease.blame(lastFailure);
        showFailure(this.#witness, { lease, failure: lastFailure, requestId: caller.requestId, progress });
        if (firstPartAtMs !== undefined || !lastFailure.row.failover) throw lastFailure;
        if (lastFailure.code !== "session_lost") failed.add(lease.accountId);
      } finally {
        if (firstPartAtMs !== undefined) {
          progress.leaseMs = lease.sentAfterMs ?? 0;
          progress.firstByteMs = firstPartAtMs - leasedAtMs - progress.leaseMs;
          progress.streamMs = performance.now() - firstPartAtMs;
        }
      }
    }
    throw lastFailure ?? new GatewayError("internal_error", "No attempt was made.");
  }

  /**
   * Asks under this lease. The request is repeated after a challenge, which is solved once, and after a change of the
   * machine's network.
   */
  async *#ask(
    lease: Lease,
    request: ChatRequest,
    progress: Progress,
    signal: AbortSignal,
  ): AsyncGenerator<ReplyPart, void, undefined> {
    let isSolved = false;
    for (;;) {
      let isUnderWay = false;
      try {
        for await (const part of this.#attempt(lease, request, progress, signal)) {
          isUnderWay = true;
          yield part;
        }
        return;
      } catch (cause) {
        const mayRepeat = !isUnderWay && progress.attempts < MAX_ATTEMPTS && !signal.aborted;
        if (!(cause instanceof GatewayError) || !mayRepeat) throw cause;
        if (cause.code === "site_challenged" && !isSolved) {
          isSolved = true;
          await lease.solve(signal, { isWitnessed: this.#witness !== undefined });
        } else if (cause.repeatAfterMs === undefined) throw cause;
        else await delay(cause.repeatAfterMs * (1 + Math.random() / 2), undefined, { signal });
      }
    }
  }

  #attempt(lease: Lease, request: ChatRequest, progress: Progress, signal: AbortSignal): AsyncIterable<ReplyPart> {
    progress.attempts += 1;
    const attempt = new AbortController();
    const parts = this.#sites
      .siteOf(request.model)
      .reply(lease.fetch, request, AbortSignal.any([signal, attempt.signal]));
    return withProgress(parts, this.#limits, attempt);
  }
}

/**
 * Aborts the attempt with `site_timeout` when a part does not come in time. The reader's own time does not count. A
 * failure after a long silence becomes `site_timeout` too, unless the site itself says what happened.
 */
async function* withProgress(
  parts: AsyncIterable<ReplyPart>,
  limits: GatewayLimits,
  attempt: AbortController,
): AsyncGenerator<ReplyPart, void, undefined> {
  const iterator = parts[Symbol.asyncIterator]();
  const startedMs = performance.now();
  let isSilent = true;
  let limitMs = limits.firstPartTimeoutMs;
  try {
    for (;;) {
      const late = setTimeout(() => {
        const message = `The site sent nothing for ${Math.round(limitMs / 1000)} seconds.`;
        attempt.abort(new GatewayError("site_timeout", message));
      }, limitMs);
      const next = await iterator.next().finally(() => clearTimeout(late));
      if (next.done) return;
      isSilent = false;
      yield next.value;
      limitMs = limits.gapTimeoutMs;
    }
  } catch (cause) {
    throw isSilent ? afterSilence(GatewayError.from(cause), performance.now() - startedMs) : cause;
  } finally {
    await iterator.return?.();
  }
}

function afterSilence(error: GatewayError, silenceMs: number): GatewayError {
  if (silenceMs <= SILENCE_MS || !ENDS_WITHOUT_A_WORD.has(error.code)) return error;
  const message = `The site sent nothing for ${Math.round(silenceMs / 1000)} seconds, then the request broke off.`;
  return new GatewayError("site_timeout", message, { cause: error });
}
