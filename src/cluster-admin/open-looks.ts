import type { AccountControl } from "../accounts/account-control.ts";
import type { AccountDirectory } from "../admin/account-directory.ts";
import { localLooks, type LookParts, type Looks } from "../admin/looks.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { factsOf } from "../cluster/cluster-facts.ts";
import type { Routing, ServedParts } from "../cluster/routing.ts";
import type { Elsewhere } from "../live-view/elsewhere.ts";
import type { RelayedViewers } from "../live-view/relayed-viewers.ts";
import type { RecentAnswers } from "../observe/recent-answers.ts";
import { ClusterAdmin } from "./cluster-admin.ts";

export interface OpenLooksParts extends LookParts {
  readonly accounts: AccountControl;
  readonly recent: RecentAnswers;
  /** Aborts when the gateway stops. */
  readonly leaving: AbortSignal;
  /** Undefined where there are no other replicas. */
  readonly cluster: Cluster | undefined;
  readonly routing: Routing | undefined;
}

export interface OpenLooks extends Disposable {
  readonly looks: Looks;
  readonly accounts: AccountDirectory;
  readonly elsewhere: Elsewhere | undefined;
  /** What other replicas may ask of this one. */
  answers(viewers: RelayedViewers): Pick<ServedParts, "handlers" | "upgrades" | "onAnswered">;
}

/** What an operator sees and does: of this gateway, or of all replicas at any of them. */
export function openLooks({ cluster, routing, ...parts }: OpenLooksParts): OpenLooks {
  const local = localLooks(parts);
  if (!cluster || !routing) {
    return {
      looks: local,
      accounts: local.accounts,
      elsewhere: undefined,
      answers: () => ({ handlers: {} }),
      [Symbol.dispose]: () => undefined,
    };
  }
  const admin = new ClusterAdmin({ ...parts, facts: factsOf(cluster), routing, local });
  const { looks, relay } = admin;
  return {
    looks,
    accounts: looks.accounts,
    elsewhere: relay,
    // The last answers of an account are told by the replica that has it, whichever door they went through.
    answers: (viewers) => ({ ...admin.answers(viewers), onAnswered: (answer) => parts.recent.add(answer) }),
    [Symbol.dispose]: () => admin[Symbol.dispose](),
  };
}
