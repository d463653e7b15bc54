import type { ChatRequest, ReplyPart } from "../chat.ts";
import type { ErrorCode } from "../errors.ts";
import type { LeaseRequest } from "../pool/admission.ts";
import type { Caller } from "../pool/request-queue.ts";

/** The most times that the site is asked for one request, repeats after challenges included: it should not see a burst. */
export const MAX_ATTEMPTS = 3;
/** An account whose page died gets a new page, and one whose replica was lost gets another replica: it may be asked again. */
export const IS_NO_FAULT_OF_THE_ACCOUNT: ReadonlySet<ErrorCode> = new Set(["session_lost", "replica_unavailable"]);

/** How far a request has come. */
export interface AttemptCount {
  /** How often the site was asked so far. A place counts on. */
  attempts: number;
  /** How long it waited for accounts, all attempts together; in milliseconds. */
  readonly queuedMs: number;
}

/** One request's exclusive use of an account, wherever the account's session is. Disposing gives the account back. */
export interface Place extends Disposable {
  readonly accountId: string;
  /** The replica whose account it is; undefined without a cluster. */
  readonly replicaId?: string | undefined;
  /** How long the account's rate limit made the request wait, in milliseconds. */
  readonly pacedMs: number;
  /** How long after the account was given the site had the prompt, in milliseconds; undefined until it has. */
  readonly sentAfterMs: number | undefined;
  /**
   * Asks the site, once in the place's life. Parts come as they are read; leaving early cancels the answer upstream.
   * @throws GatewayError for all that is no answer. The account's pool has been told by then.
   */
  answer(request: ChatRequest, count: AttemptCount, signal: AbortSignal): AsyncIterable<ReplyPart>;
}

/** Where requests get their accounts. */
export interface Places {
  /**
   * Waits for an account of the site that has not failed the request.
   * @throws GatewayError as `SessionPool.lease` does; the signal's reason when it aborts.
   */
  acquire(wish: LeaseRequest, signal: AbortSignal): Promise<Place>;
  /** The caller's position in the queue, 1 for the next; undefined when it does not wait. */
  positionOf(caller: Caller): number | undefined;
  /** How long the caller still waits, as far as is known, in milliseconds; undefined when it does not wait. */
  waitMsOf(caller: Caller): number | undefined;
  /** Admits no request any more and waits until the last answer has ended, or until the signal aborts. */
  drain(signal: AbortSignal): Promise<void>;
}
