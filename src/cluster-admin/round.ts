import { GatewayError } from "../errors.ts";
import type { AnswerOf, AskOf, AskType } from "./asks.ts";
import type { OtherReplica, Replicas } from "./replicas.ts";

/** What one of the other replicas answered. */
export interface Told<T extends AskType> {
  readonly replica: OtherReplica;
  /** Undefined when it does not answer. */
  readonly answer: AnswerOf<T> | undefined;
}

/** A replica that does not answer a view in this time is shown as it was last. */
export const LOOK_LIMIT_MS = 1_000;
/** It is asked again after this time, so that no more than one look in so long waits for it. */
const DOUBT_MS = 5_000;

/** Asks the other replicas, all at once. */
export class Round {
  readonly #replicas: Replicas;
  /** Until when a replica that was silent is not asked, on the monotonic clock. */
  readonly #doubtedMs = new Map<string, number>();

  constructor(replicas: Replicas) {
    this.#replicas = replicas;
  }

  /** Asks one of them; undefined when it does not answer, or does not know what is asked for. */
  async askOne<T extends AskType>(replicaId: string, type: T, ask: AskOf<T>): Promise<AnswerOf<T> | undefined> {
    const replica = this.#replicas.others.find(({ id }) => id === replicaId);
    return replica && this.#answerOf(replica, type, ask, LOOK_LIMIT_MS);
  }

  async ask<T extends AskType>(type: T, ask: AskOf<T>, limitMs = LOOK_LIMIT_MS): Promise<readonly Told<T>[]> {
    const { others } = this.#replicas;
    const ids = new Set(others.map(({ id }) => id));
    for (const id of this.#doubtedMs.keys()) if (!ids.has(id)) this.#doubtedMs.delete(id);
    return Promise.all(
      others.map(async (replica) => ({ replica, answer: await this.#answerOf(replica, type, ask, limitMs) })),
    );
  }

  /** Whether the replica is asked at the moment. */
  #isTrusted({ id, isAnswering }: OtherReplica): boolean {
    return isAnswering && performance.now() >= (this.#doubtedMs.get(id) ?? 0);
  }

  async #answerOf<T extends AskType>(
    replica: OtherReplica,
    type: T,
    ask: AskOf<T>,
    limitMs: number,
  ): Promise<AnswerOf<T> | undefined> {
    if (!this.#isTrusted(replica)) return undefined;
    try {
      return await this.#replicas.ask(replica.id, type, ask, AbortSignal.timeout(limitMs));
    } catch (cause) {
      // One that answers with an error is there.
      const isSilent = !(cause instanceof GatewayError) || cause.code === "replica_unavailable";
      if (isSilent) this.#doubtedMs.set(replica.id, performance.now() + DOUBT_MS);
      return undefined;
    }
  }
}
