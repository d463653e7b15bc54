import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Looks } from "../admin/looks.ts";
import { LIVE_VIEW_PATH } from "../cluster/protocol.ts";
import type { Routing } from "../cluster/routing.ts";
import { GatewayError } from "../errors.ts";
import { refuseConnection } from "../http/server.ts";
import type { Elsewhere, ToldGrant, ViewerConnection } from "../live-view/elsewhere.ts";
import type { Replicas } from "./replicas.ts";

export interface LiveViewRelayParts {
  readonly replicas: Replicas;
  readonly looks: Pick<Looks, "accounts" | "overview">;
  readonly routing: Pick<Routing, "to">;
}

const ASK_LIMIT_MS = 5_000;
/** A viewer that was told that its session has ended closes the connection itself. */
const LINGER_MS = 5_000;
/** What the viewer's browser and the replica agree upon. */
const HANDSHAKE = ["connection", "upgrade", "sec-websocket-key", "sec-websocket-version", "sec-websocket-protocol"];

/** Joins the viewers' connections that come here to the replicas that have the accounts. */
export class LiveViewRelay implements Elsewhere, Disposable {
  readonly #parts: LiveViewRelayParts;
  readonly #sockets = new Set<Duplex>();

  constructor(parts: LiveViewRelayParts) {
    this.#parts = parts;
  }

  get ownId(): string {
    return this.#parts.replicas.own.id;
  }

  async placeOf(account: string | undefined): Promise<string | undefined> {
    if (account === undefined) return this.#placeForNew();
    const { replica, state, reason, lastKnownAt } = await this.#parts.looks.accounts.detail(account);
    if (replica === this.ownId) return undefined;
    if (typeof replica === "string" && lastKnownAt === null && state !== "unknown") return replica;
    throw new GatewayError("replica_unavailable", `No replica can show account ${account} now. ${reason}`);
  }

  redeem(replicaId: string, ticket: string): Promise<ToldGrant | null> {
    const { replicas } = this.#parts;
    // Whoever shows the ticket learns nothing of the replicas.
    if (!replicas.others.some(({ id }) => id === replicaId)) return Promise.resolve(null);
    return replicas.ask(replicaId, "redeem", { ticket }, AbortSignal.timeout(ASK_LIMIT_MS));
  }

  relay(replicaId: string, grant: ToldGrant, viewer: ViewerConnection, ended: AbortSignal | undefined): void {
    const { request, socket } = viewer;
    const link = this.#parts.routing.to(replicaId);
    const refuse = (): void =>
      refuseConnection(socket, new GatewayError("replica_unavailable", `Replica ${replicaId} does not answer.`));
    socket.on("error", () => socket.destroy());
    if (!link?.isAnswering) return refuse();
    const headers = Object.fromEntries(HANDSHAKE.map((name) => [name, request.headers[name]]));
    const given = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
    const asked = link.upgrade(LIVE_VIEW_PATH, grant, given);
    const late = setTimeout(() => asked.destroy(new Error("late")), ASK_LIMIT_MS);
    asked.once("upgrade", (answer: IncomingMessage, peer: Duplex, head: Buffer) => {
      this.#join(viewer, peer);
      socket.write(headOf(answer));
      if (head.length > 0) socket.write(head);
      this.#endWith(ended, { replicaId, session: grant.session, socket });
    });
    asked.once("response", (answer: IncomingMessage) => {
      answer.resume();
      if (answer.statusCode === 503)
        refuseConnection(socket, new GatewayError("overloaded", "Too many live views are open already."));
      else refuse();
    });
    asked.once("error", refuse);
    asked.once("close", () => clearTimeout(late));
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** A new account signs in here, unless no page opens here. Whoever joins comes to the same replica. */
  async #placeForNew(): Promise<string | undefined> {
    const { replicas = [] } = await this.#parts.looks.overview();
    const able = replicas.filter(({ state, maxOpenPages }) => state === "serving" && (maxOpenPages ?? 0) > 0);
    if (able.some(({ isAsked }) => isAsked)) return undefined;
    const [first] = able.map(({ id }) => id).toSorted();
    if (first !== undefined) return first;
    throw new GatewayError("replica_unavailable", "No replica opens pages now.");
  }

  /** Bytes pass through as they are, each side as fast as the other one takes them. */
  #join({ socket, head }: ViewerConnection, peer: Duplex): void {
    this.#sockets.add(socket);
    if (head.length > 0) peer.write(head);
    socket.pipe(peer).pipe(socket);
    peer.on("error", () => peer.destroy());
    peer.once("close", () => socket.destroy());
    socket.once("close", () => {
      this.#sockets.delete(socket);
      peer.destroy();
    });
  }

  #endWith(ended: AbortSignal | undefined, { replicaId, session, socket }: RelayedConnection): void {
    if (!ended || session === undefined) return;
    const onEnd = (): void => {
      const told = this.#parts.replicas.ask(replicaId, "signedOut", { session }, AbortSignal.timeout(ASK_LIMIT_MS));
      told.catch(() => socket.destroy());
      setTimeout(() => socket.destroy(), LINGER_MS).unref();
    };
    ended.addEventListener("abort", onEnd, { once: true });
    socket.once("close", () => ended.removeEventListener("abort", onEnd));
    if (ended.aborted) onEnd();
  }
}

interface RelayedConnection {
  readonly replicaId: string;
  readonly session: string | undefined;
  readonly socket: Duplex;
}

/** The answer that made the connection a WebSocket, as the other replica wrote it. */
function headOf({ rawHeaders }: IncomingMessage): string {
  const lines = rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1]}`] : []));
  return ["HTTP/1.1 101 Switching Protocols", ...lines, "", ""].join("\r\n");
}
