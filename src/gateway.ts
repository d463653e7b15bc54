import type { ChatRequest, ReplyPart } from "./chat.ts";
import { GatewayError } from "./errors.ts";
import { IS_NO_FAULT_OF_THE_ACCOUNT, MAX_ATTEMPTS, type AttemptCount, type Places } from "./places/place.ts";
import type { Caller } from "./pool/request-queue.ts";
import type { Sites } from "./sites/catalog.ts";

/** One answer under way. Iterate it once; leaving the loop early cancels it upstream. */
export interface Reply extends AsyncIterable<ReplyPart> {
  readonly progress: Readonly<Progress>;
}

/** The state of an answer under way. */
export interface Progress extends AttemptCount {
  /** Which account is answering; undefined until one was leased. */
  accountId: string | undefined;
  /** The replica whose account it is; undefined without a cluster. */
  replicaId?: string | undefined;
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

/** Gets an account, has it answer and hands the parts on. After a failure it tries another account. */
export class Gateway {
  readonly #places: Places;
  readonly #sites: Pick<Sites, "siteOf">;

  constructor(places: Places, sites: Pick<Sites, "siteOf">) {
    this.#places = places;
    this.#sites = sites;
  }

  /** Nothing happens until the reply is iterated. The iteration throws GatewayError only. */
  reply(request: ChatRequest, caller: Caller, signal: AbortSignal): Reply {
    const places = this.#places;
    const progress: Progress = {
      accountId: undefined,
      attempts: 0,
      queuedMs: 0,
      get queuePosition() {
        return places.positionOf(caller);
      },
      get estimatedWaitMs() {
        return places.waitMsOf(caller);
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
    /** Accounts that failed. */
    const failed = new Set<string>();
    const site = this.#sites.siteOf(request.model);
    let lastFailure: GatewayError | undefined;
    while (progress.attempts < MAX_ATTEMPTS) {
      const askedMs = performance.now();
      using place = await this.#places
        .acquire({ caller, site: site.name, except: failed }, signal)
        .catch((cause: unknown) => {
          // The last account's failure says more than that there is no other account.
          throw GatewayError.from(signal.aborted ? signal.reason : (lastFailure ?? cause));
        })
        .finally(() => (progress.queuedMs += performance.now() - askedMs));
      progress.accountId = place.accountId;
      progress.replicaId = place.replicaId;
      progress.pacedMs = (progress.pacedMs ?? 0) + place.pacedMs;
      const givenAtMs = performance.now();
      let firstPartAtMs: number | undefined;
      try {
        for await (const part of place.answer(request, progress, signal)) {
          firstPartAtMs ??= performance.now();
          yield part;
        }
        return;
      } catch (cause) {
        lastFailure = GatewayError.from(cause);
        if (firstPartAtMs !== undefined || !lastFailure.row.failover) throw lastFailure;
        if (!IS_NO_FAULT_OF_THE_ACCOUNT.has(lastFailure.code)) failed.add(place.accountId);
      } finally {
        if (firstPartAtMs !== undefined) {
          progress.leaseMs = place.sentAfterMs ?? 0;
          progress.firstByteMs = firstPartAtMs - givenAtMs - progress.leaseMs;
          progress.streamMs = performance.now() - firstPartAtMs;
        }
      }
    }
    throw lastFailure ?? new GatewayError("internal_error", "No attempt was made.");
  }
}
