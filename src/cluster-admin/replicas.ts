import type { OwnReplica } from "../cluster/cluster-facts.ts";
import type { AnswerOf, AskOf, AskType } from "./asks.ts";

/** Another replica, as the database and its own answers show it. */
export interface OtherReplica {
  readonly id: string;
  readonly version: string;
  readonly isDraining: boolean;
  /** Whether its version can be asked by this one's. */
  readonly isCompatible: boolean;
  /** Whether it answered lately. One that does not is asked nothing. */
  readonly isAnswering: boolean;
}

/** A message of another replica's stream: `snapshot`, then what changes. */
export interface StreamMessage {
  readonly event: string;
  readonly data: unknown;
}

/** How this replica reaches the others for its operator. */
export interface Replicas {
  readonly own: OwnReplica;
  readonly others: readonly OtherReplica[];
  /** The id of the replica that has the account, as the database told last. It may be this one. */
  ownerOf(accountId: string): string | undefined;
  /** @throws GatewayError `replica_unavailable`, or what the other replica's work throws; the signal's reason */
  ask<T extends AskType>(replicaId: string, type: T, ask: AskOf<T>, signal: AbortSignal): Promise<AnswerOf<T>>;
  /** What another replica's stream tells. Ends when the connection does, or the signal aborts. */
  follow(replicaId: string, signal: AbortSignal): AsyncIterable<StreamMessage>;
}
