import { version } from "../process/version.ts";
import type { Cluster } from "./cluster.ts";
import { PROTOCOL } from "./protocol.ts";

/** What a replica knows of itself. */
export interface OwnReplica {
  readonly id: string;
  readonly version: string;
  /** It ends soon. */
  readonly isDraining: boolean;
  /** Its database does not answer, so it sends nothing to a site. */
  readonly isFenced: boolean;
  readonly heartbeatAgeMs: number;
}

/** What the database tells of the replicas. */
export interface ClusterFacts {
  readonly own: () => OwnReplica;
  /** All others, also those that were not seen lately. `isCompatible`: it speaks as this one does, so it can be asked. */
  readonly peers: () => readonly (Pick<OwnReplica, "id" | "version" | "isDraining"> & {
    readonly isCompatible: boolean;
  })[];
  /** The id of the replica that has the account, which may be this one; undefined if none has it. */
  readonly ownerOf: (accountId: string) => string | undefined;
}

/** What the cluster knows. */
export function factsOf(cluster: Cluster): ClusterFacts {
  return {
    own: () => {
      const { replicaId: id, isDraining, isFenced, heartbeatAgeMs } = cluster;
      return { id, version: version(), isDraining, isFenced, heartbeatAgeMs };
    },
    peers: () =>
      cluster.peers.map(({ id, isDraining, protocol, ...peer }) => {
        return { id, version: peer.version, isDraining, isCompatible: protocol === PROTOCOL };
      }),
    ownerOf: (accountId) => cluster.ownerOf(accountId),
  };
}
