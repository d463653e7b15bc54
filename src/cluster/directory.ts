import type { ArrivingAccount } from "../pool/distant-account.ts";
import type { Sought } from "./arrivals.ts";

/** Another replica, as the database shows it. */
export interface Peer {
  readonly id: string;
  /** Of its internal listener, without a path. */
  readonly url: string;
  /** Made anew at each of its starts. */
  readonly token: string;
  /** The version of what replicas say to each other. */
  readonly protocol: number;
  /** Whether it was seen lately. */
  readonly isLive: boolean;
}

/** What the replicas know of each other through the database. */
export interface Directory {
  readonly replicaId: string;
  /** This replica's own, made anew at each start. */
  readonly token: string;
  readonly peers: readonly Peer[];
  /** The accounts that no replica has in use, and that one is about to. */
  arriving(sought: Sought): readonly ArrivingAccount[];
  readonly turns: {
    /** Whether a prompt may have left under this turn. */
    wasSent(turnId: string): Promise<boolean>;
  };
}
