import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

/** What replicas tell each other of a ticket. */
export interface ToldGrant {
  readonly account?: string | undefined;
  readonly newId?: string | undefined;
  /** Where a new account signs in. */
  readonly site?: string | undefined;
  readonly actor: string;
  /** The id of the console's session that asked for it. */
  readonly session?: string | undefined;
}

/** A viewer's connection before it is a WebSocket. */
export interface ViewerConnection {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** The live views of other replicas. */
export interface Elsewhere {
  readonly ownId: string;
  /**
   * The replica that has the account, or where a new one signs in; undefined for this one.
   * @throws GatewayError `account_not_found`, `replica_unavailable`
   */
  placeOf(account: string | undefined): Promise<string | undefined>;
  /** What a ticket of that replica grants, which is used up then; null for one that grants nothing. @throws GatewayError */
  redeem(replicaId: string, ticket: string): Promise<ToldGrant | null>;
  /** Joins the connection to the other replica, which shows the view. `ended`: aborts when the console's session ends. */
  relay(replicaId: string, grant: ToldGrant, viewer: ViewerConnection, ended: AbortSignal | undefined): void;
}
