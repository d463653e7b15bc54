import type { ClusterFacts, OwnReplica } from "../cluster/cluster-facts.ts";
import { callPeer, followPeer } from "../cluster/peer-calls.ts";
import { ADMIN_PATH, STREAM_PATH } from "../cluster/protocol.ts";
import type { Routing } from "../cluster/routing.ts";
import { GatewayError } from "../errors.ts";
import type { AnswerOf, AskOf, AskType } from "./asks.ts";
import type { OtherReplica, Replicas, StreamMessage } from "./replicas.ts";

/** The other replicas, over the listeners that they have for each other. */
export class PeerReplicas implements Replicas {
  readonly #facts: ClusterFacts;
  readonly #routing: Pick<Routing, "to">;

  constructor(facts: ClusterFacts, routing: Pick<Routing, "to">) {
    this.#facts = facts;
    this.#routing = routing;
  }

  get own(): OwnReplica {
    return this.#facts.own();
  }

  get others(): readonly OtherReplica[] {
    return this.#facts.peers().map((peer) => {
      const { id } = peer;
      return { ...peer, isAnswering: this.#routing.to(id)?.isAnswering === true };
    });
  }

  ownerOf(accountId: string): string | undefined {
    return this.#facts.ownerOf(accountId);
  }

  async ask<T extends AskType>(replicaId: string, type: T, ask: AskOf<T>, signal: AbortSignal): Promise<AnswerOf<T>> {
    const link = this.#linkTo(replicaId);
    return (await callPeer(link, ADMIN_PATH, { type, ask }, signal)) as AnswerOf<T>;
  }

  async *follow(replicaId: string, signal: AbortSignal): AsyncGenerator<StreamMessage, void, undefined> {
    let event = "";
    for await (const line of followPeer(this.#linkTo(replicaId), STREAM_PATH, signal)) {
      if (line.startsWith("event: ")) event = line.slice("event: ".length);
      else if (line.startsWith("data: ")) yield { event, data: JSON.parse(line.slice("data: ".length)) as unknown };
    }
  }

  /** @throws GatewayError `replica_unavailable` */
  #linkTo(replicaId: string) {
    const link = this.#routing.to(replicaId);
    if (link?.isAnswering) return link;
    throw new GatewayError("replica_unavailable", `Replica ${replicaId} does not answer.`);
  }
}
