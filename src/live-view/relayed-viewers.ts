import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import { GatewayError } from "../errors.ts";
import { refuseConnection } from "../http/server.ts";
import type { ToldGrant } from "./elsewhere.ts";
import type { Grant, LiveViews } from "./live-views.ts";
import { VIEWER_LIMITS } from "./wire.ts";

interface RelayedSession {
  readonly ended: AbortController;
  viewers: number;
}

/** The viewers whose browser is connected to another replica. That one has checked who they are. */
export class RelayedViewers {
  readonly #views: Pick<LiveViews, "connect" | "redeem" | "hasRoomFor">;
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: VIEWER_LIMITS.messageBytes });
  /** By the id of the console's session. */
  readonly #sessions = new Map<string, RelayedSession>();

  constructor(views: Pick<LiveViews, "connect" | "redeem" | "hasRoomFor">) {
    this.#views = views;
  }

  /** What one of our tickets grants; it is used up then. */
  redeem(ticket: string): ToldGrant | null {
    const grant = this.#views.redeem(ticket);
    return grant ? { ...grant, session: grant.session?.id } : null;
  }

  /** Shows the view over a connection that another replica passes on. */
  take({ session: id, ...told }: ToldGrant, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (!this.#views.hasRoomFor(told)) {
      return refuseConnection(socket, new GatewayError("overloaded", "Too many live views are open already."));
    }
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      this.#views.connect(webSocket, id === undefined ? told : this.#inSession(told, id, webSocket));
    });
  }

  /** The console's session has ended: what was opened under it ends too. */
  signedOut(sessionId: string): void {
    this.#sessions.get(sessionId)?.ended.abort();
  }

  #inSession(told: Omit<ToldGrant, "session">, id: string, webSocket: WebSocket): Grant {
    const session = this.#sessions.get(id) ?? { ended: new AbortController(), viewers: 0 };
    this.#sessions.set(id, session);
    session.viewers += 1;
    webSocket.once("close", () => {
      session.viewers -= 1;
      if (session.viewers === 0) this.#sessions.delete(id);
    });
    return { ...told, session: { id, ended: session.ended.signal } };
  }
}
