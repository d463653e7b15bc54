import type { AccountControl } from "../accounts/account-control.ts";
import { shownAccount } from "../admin/account-schemas.ts";
import type { Looks } from "../admin/looks.ts";
import type { ClusterFacts } from "../cluster/cluster-facts.ts";
import type { InternalServerParts } from "../cluster/internal-server.ts";
import type { Routing } from "../cluster/routing.ts";
import type { RelayedViewers } from "../live-view/relayed-viewers.ts";
import { answerPeers } from "./answer-peers.ts";
import { ClusterLooks } from "./cluster-looks.ts";
import { LiveViewRelay } from "./live-view-relay.ts";
import { PeerReplicas } from "./peer-replicas.ts";

export interface ClusterAdminParts {
  readonly facts: ClusterFacts;
  readonly routing: Pick<Routing, "to">;
  /** What this replica shows of itself. */
  readonly local: Looks;
  readonly accounts: Pick<AccountControl, "listed" | "rows">;
  /** How long before a sign-in ends the operator is told; 0 never. */
  readonly expiresSoonMs: number;
  /** Aborts when the gateway stops. */
  readonly leaving: AbortSignal;
}

/** What an operator sees and does of all replicas at any of them, and what this one tells the others for it. */
export class ClusterAdmin implements Disposable {
  readonly looks: Looks;
  readonly relay: LiveViewRelay;
  readonly #parts: ClusterAdminParts;

  constructor(parts: ClusterAdminParts) {
    const { facts, routing, local, accounts, expiresSoonMs } = parts;
    const replicas = new PeerReplicas(facts, routing);
    this.#parts = parts;
    this.looks = new ClusterLooks({
      replicas,
      local,
      listed: () => accounts.listed.map(shownAccount),
      isHere: (id) => accounts.rows.some((row) => row.id === id),
      expiresSoonMs,
    });
    this.relay = new LiveViewRelay({ replicas, routing, looks: this.looks });
  }

  /** What the others may ask of this replica. */
  answers(viewers: RelayedViewers): Pick<InternalServerParts, "handlers" | "upgrades"> {
    const { local, facts, leaving } = this.#parts;
    return answerPeers({ local, own: facts.own, viewers, leaving });
  }

  [Symbol.dispose](): void {
    this.relay[Symbol.dispose]();
  }
}
